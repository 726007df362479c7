"""Labels layers that the user has, as label images of the frames of a session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import PromptError
from napari_sam2.core.frames.layout import FrameLayout, without_channel
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.positions import Positions
from napari_sam2.layers.layer_frames import LayerFrames

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Labels

    from napari_sam2.core.frames.source import ArrayLike, FrameSource
    from napari_sam2.layers.coordinates import FrameSpace


@dataclass(frozen=True, slots=True, eq=False)
class LabelSource:
    """Label images that are read one at a time.

    Attributes
    ----------
    frames : FrameSource
    is_flat : bool
        Whether there is one picture only, which belongs to whichever frame is
        displayed.
    """

    frames: FrameSource
    is_flat: bool

    def read(self, frame: int) -> npt.NDArray[Any]:
        """Read the label image of a frame, (H, W)."""
        return self.frames[0 if self.is_flat else frame]


def label_source(layer: Labels, space: FrameSpace) -> LabelSource:
    """Find the frames of a session in a labels layer; nothing is read.

    Parameters
    ----------
    layer : Labels
        Of the image's shape, with or without its channels; of the shape (frames, H,
        W); or a single picture, (H, W).
    space : FrameSpace

    Raises
    ------
    PromptError
        If its shape is none of these.
    """
    array: ArrayLike = layer.data[0] if layer.multiscale else layer.data
    shape, layout = tuple(array.shape), _at_first_channel(space.layout)
    if shape == space.shape:
        return LabelSource(_all_frames(array, layout), False)
    if shape == _shape_without_channel(space):
        layout = without_channel(space.layout)
        return LabelSource(_all_frames(array, layout), False)
    if shape == space.label_shape():
        at_start = tuple((axis, 0) for axis, _ in layout.fixed)
        return LabelSource(_all_frames(array, replace(layout, fixed=at_start)), False)
    # Last, for a cube has this shape however its axes are ordered
    if shape == (space.frame_count, *space.shape_hw):
        return LabelSource(LayerFrames(array, FrameLayout(0, (1, 2), None)), False)
    if shape == space.shape_hw:
        return LabelSource(LayerFrames(array, FrameLayout(None, (0, 1), None)), True)
    raise PromptError(
        f"The labels {layer.name} have the shape {shape}, but there are "
        f"{space.frame_count} frames of {space.shape_hw[0]} × {space.shape_hw[1]} "
        "pixels: choose labels of this image."
    )


def parse_label_ids(text: str) -> frozenset[int] | None:
    """Read numbers of labels, such as ``1-20, 35``; None for all when it is empty.

    Raises
    ------
    PromptError
        If it says something else.
    """
    if not text.strip():
        return None
    found: set[int] = set()
    for part in text.replace(";", ",").split(","):
        first, dash, last = part.partition("-")
        try:
            numbers = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            numbers = range(0)
        if not numbers or numbers[0] < 1 or len(numbers) > np.iinfo(np.uint16).max:
            raise PromptError(
                f"{part.strip() or text!r} names no labels: give their numbers, such "
                "as 1-20, 35, or nothing for all."
            )
        found.update(numbers)
    return frozenset(found)


def _all_frames(array: ArrayLike, layout: FrameLayout) -> FrameSource:
    """Return the frames of all positions in an array."""
    shape = layout.numbers(array.shape).shape
    axes = tuple(map(Axis, ("q",) * len(shape), shape))
    spans, first = tuple(map(range, shape)), (0,) * len(shape)
    positions = Positions(axes, layout.positions, spans, first)
    return AllFrames(
        positions, lambda position: LayerFrames(array, layout.held_at(position))
    )


def _at_first_channel(layout: FrameLayout) -> FrameLayout:
    """Look at the first channel only: labels are the same in all."""
    if layout.channel is None:
        return layout
    fixed = (*layout.fixed, (layout.channel, 0))
    return replace(layout, channel=None, fixed=tuple(sorted(fixed)))


def _shape_without_channel(space: FrameSpace) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(space.shape) if i != space.layout.channel)
