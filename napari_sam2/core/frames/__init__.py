"""Frames: where they come from, how they are counted, and how bright they are."""
