"""Colours of objects: bright, told apart with any kind of colour vision."""

from __future__ import annotations

import colorsys
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

# Okabe and Ito's set without black, its dark blue brightened for grey images.
_FIRST: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 200, 140),
    (240, 228, 66),
    (90, 120, 255),
    (235, 95, 20),
    (225, 130, 190),
)
_GOLDEN = 0.61803398875
# Keeps the next dozen colours as far from the first seven as they can be.
_HUE_OFFSET = 0.417


def object_colour(object_id: int) -> Colour:
    """Return the colour of an object, (red, green, blue), each 0 to 255.

    The same id always has the same colour. The first seven are a palette for colour
    blindness; later ones walk the hue circle, never close to the one before.
    """
    index = object_id - 1
    if index < len(_FIRST):
        return _FIRST[index]
    hue = (index * _GOLDEN + _HUE_OFFSET) % 1.0
    saturation = (0.7, 0.45)[index % 2]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)
