"""The few kinds of controls that everything in the dock is made of."""
