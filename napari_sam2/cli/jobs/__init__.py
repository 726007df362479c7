"""A piece of tracking: described, checked, carried out, and gone on with."""
