"""Labels that a closed dock left in the viewer: not beside those that come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.layers.label_stack import LabelStack
from napari_sam2.layers.taking_out import take_out

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import LayerList
    from napari.layers import Labels

_KEY = "napari_sam2_kept_in"
"""In a layer's metadata: the file that keeps the work which it shows."""


def note_kept(layer: Labels, file: Path | None) -> None:
    """Note which file keeps the work that a layer shows, as nobody does so any more."""
    if file is not None:
        layer.metadata[_KEY] = str(file.absolute())


def make_way(layers: LayerList, file: Path | None) -> None:
    """Take out what shows the work in a file, which is about to be shown again.

    Layers that somebody has painted on since are hidden, as the file has no such paint.
    """
    if file is None:
        return
    gone = []
    for layer in layers:
        if layer.metadata.get(_KEY) != str(file.absolute()):
            continue
        if isinstance(layer.data, LabelStack) and not layer.data.written():
            gone.append(layer)
        else:
            layer.visible = False
    take_out(layers, gone)
