"""Stacks in: any file, folder or array as frames that are read one at a time."""
