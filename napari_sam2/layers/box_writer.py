"""Boxes of a document in a layer: those that it shows stay, many come a few at a time.

napari makes the outline of a box in half a millisecond. Thousands at once would keep a
window from doing anything else.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.layers.palette import object_rgba
from napari_sam2.layers.prompt_rows import (
    OBJECT,
    POLARITY,
    POSITIVE,
    box_prompt,
    feature_columns,
)
from napari_sam2.layers.prompt_style import edge_width

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from napari.layers import Shapes

    from napari_sam2.core.prompts import BoxPrompt, FramePrompts
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state.masks import Place

_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """A box that a layer is to show, with its corners, (4, D), in data coordinates."""

    object_id: int
    corners: npt.NDArray[np.float64]

    @property
    def key(self) -> tuple[int, bytes]:
        """Tell boxes apart that look different: napari keeps single precision."""
        return self.object_id, self.corners.astype(np.float32).tobytes()


class BoxWriter:
    """Makes a layer show the boxes of a document.

    Parameters
    ----------
    layer : Shapes
    image : ImageSource
    """

    def __init__(self, layer: Shapes, image: ImageSource) -> None:
        self._layer = layer
        self._space = image.space
        self._edge_width = edge_width(image)
        self._waiting: list[_Box] = []

    @property
    def has_more(self) -> bool:
        """Whether boxes are still to be shown; see :meth:`go_on`."""
        return bool(self._waiting)

    def write(self, prompts: Mapping[Place, FramePrompts]) -> None:
        """Have the layer show these boxes and no others, most of them later."""
        boxes = (
            _Box(object_id, self._space.rectangle(frame, one.box_yxyx))
            for (object_id, frame), one in prompts.items()
            if one.box_yxyx is not None
        )
        missing = {box.key: box for box in boxes}
        self._layer.selected_data = set()
        wrong = [
            row
            for row, key in enumerate(self._keys())
            if key is None or missing.pop(key, None) is None
        ]
        if wrong:
            self._layer.remove(wrong)
        self._waiting = list(missing.values())
        self.go_on()

    def go_on(self) -> list[BoxPrompt]:
        """Show some more boxes; return them as the layer has them."""
        some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        if not some:
            return []
        layer, count = self._layer, len(self._layer.data)
        shown = layer.features[OBJECT].tolist()[:count]
        with layer.block_thumbnail_update() if self._waiting else nullcontext():
            layer.add_rectangles(
                [box.corners for box in some],
                edge_color=np.array([object_rgba(box.object_id) for box in some]),
                edge_width=[self._edge_width] * len(some),
            )
        listed = [*shown, *(box.object_id for box in some)]
        layer.features = feature_columns((object_id, True) for object_id in listed)
        corners = layer.data[count:]
        return [
            box_prompt(self._space, vertices, box.object_id, True)
            for vertices, box in zip(corners, some, strict=True)
        ]

    def _keys(self) -> list[tuple[int, bytes] | None]:
        """Return what each box of the layer looks like; None for one that is none."""
        layer, count = self._layer, len(self._layer.data)
        if not count or OBJECT not in layer.features or POLARITY not in layer.features:
            return [None] * count
        columns = (layer.features[one].tolist()[:count] for one in (OBJECT, POLARITY))
        return [
            _Box(object_id, np.asarray(corners)).key
            if shape_type == "rectangle" and polarity == POSITIVE
            else None
            for corners, shape_type, object_id, polarity in zip(
                layer.data, layer.shape_type, *columns, strict=True
            )
        ]
