"""Endless drawn clips with exact masks, on the device that trains.

:func:`draw` is the only function that the stages need.
"""

from napari_sam2.training.scenes.draw import FAMILIES, Clips, draw

__all__ = ["FAMILIES", "Clips", "draw"]
