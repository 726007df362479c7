"""Runs through a stack: which frames, in which order, and what is done on each."""
