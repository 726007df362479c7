"""Runs that were stopped, as bytes: for another process, another day."""
