"""The parts of the dock, one file each, and the forms that unfold from them."""
