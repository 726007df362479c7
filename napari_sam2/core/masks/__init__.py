"""Masks that are kept: packed, frozen, and fused from several orientations."""
