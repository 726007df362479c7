"""Which numbers a user can choose: what is kept in files may hold others."""

from __future__ import annotations

from typing import Any

IMAGE_SIZES = (0, 256, 352, 512, 768, 1024)
"""Sides of the square that the model sees, in pixels; 0 for the model's own."""
MOST_CACHE_MIB = 65_536
"""Memory for image features."""


def is_offered(choice: str, value: Any) -> bool:
    """Whether a choice, of the right type, is among those that a user has.

    Parameters
    ----------
    choice : str
        The name of a setting; those without bounds may be anything.
    value : object
    """
    if choice == "image_size":
        return value in IMAGE_SIZES
    return choice != "cache_mib" or 0 <= value <= MOST_CACHE_MIB
