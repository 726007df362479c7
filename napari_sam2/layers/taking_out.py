"""Taking several layers out of a viewer at once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import LayerList
    from napari.layers import Layer


def take_out(layers: LayerList, gone: Iterable[Layer]) -> None:
    """Remove those of some layers that are in a viewer.

    After every removal napari looks through all of Python's memory, a second with torch
    in it, and lays the picture out anew: once for all of them where it can.
    """
    here = [one for one in gone if one in layers]
    at_once = getattr(layers, "batched_update", nullcontext)  # as of napari 0.9
    if here:
        with at_once():
            for layer in here:
                layers.remove(layer)
