"""Objects at every position of a stack: carried from one to its neighbour."""
