"""Runs as users see them: begun, stopped, gone on with, each one undo step."""
