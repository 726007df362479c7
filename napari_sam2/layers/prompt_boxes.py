"""Boxes of a document in a layer, read and shown: there may be thousands.

Those that stay as they are stay in the layer, and are not read again. New ones come a
few at a time: napari makes the outline of a box in half a millisecond, and thousands at
once would keep a window from doing anything else.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import BoxPrompt, FramePrompts
from napari_sam2.layers.palette import object_rgba
from napari_sam2.layers.prompt_rows import (
    OBJECT,
    POLARITY,
    POSITIVE,
    feature_columns,
    features,
)
from napari_sam2.layers.prompt_style import edge_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from napari.layers import Shapes

    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state.masks import Place

Corners: TypeAlias = "Sequence[npt.NDArray[np.floating]]"
"""The vertices of boxes, each (4, D), row by row."""

_AT_ONCE = 32
_SMALLEST_BOX = 1.0


@dataclass(frozen=True, slots=True)
class BoxRow:
    """What a row of a layer of boxes says.

    Attributes
    ----------
    prompt : BoxPrompt
    said : FramePrompts
        The same.
    is_upright : bool
        Whether it is the very rectangle, rather than one that is turned or reshaped.
    """

    prompt: BoxPrompt
    said: FramePrompts
    is_upright: bool

    @property
    def place(self) -> Place:
        """The object and the frame."""
        return self.prompt.object_id, self.prompt.frame


class BoxReader:
    """Reads the boxes of a layer, each once for as long as it stays as it is.

    Parameters
    ----------
    layer : Shapes
    space : FrameSpace

    Attributes
    ----------
    rows : list of BoxRow
        As they were last time.
    """

    def __init__(self, layer: Shapes, space: FrameSpace) -> None:
        self._layer = layer
        self._space = space
        self._known: dict[tuple[int, bool, bytes], BoxRow] = {}
        self.rows: list[BoxRow] = []

    def read(self, at_rest: Corners = ()) -> list[BoxRow]:
        """Return the boxes, row by row; turned ones as what they enclose.

        Parameters
        ----------
        at_rest : sequence of ndarray, optional
            The corners of the boxes before the user took hold of one: a box of which
            one corner has moved is the box from there to the opposite corner.

        Raises
        ------
        PromptError
            If a shape is no rectangle, is too small, does not lie on one frame, or says
            where the object is not.
        """
        data, kinds = self._layer.data, self._layer.shape_type
        shapes = zip_longest(data, kinds, at_rest[: len(data)])
        before, self._known, found = self._known, {}, []
        for shape, object_id, positive in zip(
            shapes, *features(self._layer), strict=True
        ):
            vertices, kind, _ = shape
            key = object_id, positive, vertices.tobytes()
            row = before.get(key) if kind == "rectangle" else None
            row = row or _box_row(self._space, shape, object_id, positive)
            if kind == "rectangle":
                self._known[key] = row
            found.append(row)
        self.rows = found
        return found

    @property
    def is_tidy(self) -> bool:
        """Whether there is one upright rectangle for each object and frame."""
        places = {row.place for row in self.rows}
        return len(places) == len(self.rows) and all(r.is_upright for r in self.rows)


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
        self._edge_width = edge_width(image)
        self._waiting: list[_Box] = []

    @property
    def has_more(self) -> bool:
        """Whether boxes are still to be shown; see :meth:`go_on`."""
        return bool(self._waiting)

    def write(self, prompts: Mapping[Place, FramePrompts], space: FrameSpace) -> None:
        """Have the layer show these boxes and no others, most of them later."""
        boxes = (
            _Box(object_id, space.rectangle(frame, one.box_yxyx))
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

    def go_on(self) -> None:
        """Show some more boxes."""
        some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        if not some:
            return
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


def _box_row(
    space: FrameSpace,
    shape: tuple[npt.NDArray[np.floating], str, npt.NDArray[np.floating] | None],
    object_id: int,
    positive: bool,
) -> BoxRow:
    """Read a shape: its vertices, its type, and its vertices at rest."""
    vertices, kind, _ = shape
    prompt = _box_prompt(space, _box_corners(*shape), object_id, positive)
    y0, x0, y1, x1 = prompt.box_yxyx
    drawn = {(y, x) for y, x in vertices[:, list(space.layout.plane)].tolist()}
    upright = {(y0, x0), (y0, x1), (y1, x1), (y1, x0)}
    is_upright = kind == "rectangle" and drawn == upright
    return BoxRow(prompt, FramePrompts(box_yxyx=prompt.box_yxyx), is_upright)


def _box_corners(
    vertices: npt.NDArray[np.floating],
    shape_type: str,
    at_rest: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.floating]:
    """Return the vertices of a rectangle, or two corners of a reshaped one.

    napari calls a rectangle a polygon as soon as one of its corners is moved alone.
    """
    if shape_type == "rectangle":
        return vertices
    held = at_rest if shape_type == "polygon" else None
    if held is not None and len(vertices) == len(held):
        moved = np.flatnonzero((vertices != held).any(axis=1))
        if len(moved) <= 1:
            corner = int(moved[0]) if len(moved) else 0
            return vertices[[corner, corner - 2]]
    raise PromptError(
        f"Only rectangles can be prompts, and this is of the type {shape_type}: "
        "draw a box around the object, or paint its mask."
    )


def _box_prompt(
    space: FrameSpace,
    vertices: npt.NDArray[np.floating],
    object_id: int,
    positive: bool,
) -> BoxPrompt:
    """Return a box of a layer, from two or four of its corners, (N, D).

    Raises
    ------
    PromptError
        As for :meth:`BoxReader.read`.
    """
    if not positive:
        raise PromptError("A box says where the object is: it cannot be negative.")
    frame, (y0, x0, y1, x1) = space.box_of(vertices)
    if min(y1 - y0, x1 - x0) < _SMALLEST_BOX:
        raise PromptError(
            "This box is smaller than a pixel: drag from one corner of the object to "
            "the opposite one."
        )
    return BoxPrompt(object_id, frame, (y0, x0, y1, x1))
