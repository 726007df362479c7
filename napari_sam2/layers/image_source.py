"""What of an image layer is tracked: where its frames lie, and what of them is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.axes import Axis, list_axes
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.intensity import IntensityLimits, as_limits
from napari_sam2.core.frames.layout import FrameLayout, without_channel
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.side_by_side import SideBySide
from napari_sam2.core.positions import Positions
from napari_sam2.layers.companions import check_companion, fits_beside
from napari_sam2.layers.coordinates import FrameSpace
from napari_sam2.layers.geometry import check_upright
from napari_sam2.layers.image_axes import (
    channel_axis,
    guess_frame_axis,
    image_axes,
    pixels_at,
    pixels_near,
)
from napari_sam2.layers.layer_file import image_key
from napari_sam2.layers.layer_frames import LayerFrames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.layers import Image

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource

# Of the third channel where there are two: it is empty.
_BLANK = 0.0, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ImageSource:
    """What of an image layer is tracked.

    Attributes
    ----------
    layer : Image
    axes : tuple of Axis
        The layer's axes in data order, without colours.
    frames : LayerFrames
        The image's own, at the first of its positions.
    space : FrameSpace
    limits : IntensityLimits or None
        What is shown to the model as black and white; None estimates it from the
        stack.
    beside : tuple of Image
        Images whose pixels are further channels.
    """

    layer: Image
    axes: Axes
    frames: LayerFrames
    space: FrameSpace
    limits: IntensityLimits | None = None
    beside: tuple[Image, ...] = ()

    @property
    def positions(self) -> Positions:
        """Where along its other axes the image is followed."""
        indices = self.space.layout.positions
        axes = tuple(self.axes[axis] for axis in indices)
        spans = tuple(range(axis.size) for axis in axes)
        return Positions(axes, indices, spans, (0,) * len(axes))

    @property
    def own(self) -> FrameSource:
        """The frames of all positions, without images beside them."""
        return self._everywhere(self._own_at)

    @property
    def seen(self) -> FrameSource:
        """What the model sees: the frames, with those of the images beside it."""
        return self._everywhere(self._seen_at)

    def _everywhere(self, at: Callable[[Position], FrameSource]) -> FrameSource:
        positions = self.positions
        return AllFrames(positions, at) if positions.axes else at(())

    def _own_at(self, position: Position) -> LayerFrames:
        return replace(self.frames, layout=self.space.layout.held_at(position))

    def _seen_at(self, position: Position) -> FrameSource:
        mine = self._own_at(position)
        if not self.beside:
            return mine
        layout = without_channel(mine.layout)
        own = (
            [mine]
            if mine.channel_axis is None
            else [replace(mine, channels=(one,)) for one in mine.picked]
        )
        further = [
            LayerFrames(pixels_near(one, mine.level), layout) for one in self.beside
        ]
        return SideBySide(
            (*own, *further),
            mine.channels,
            mine.level,
            tuple(map(image_key, self.beside)),
        )

    @property
    def frame_axis(self) -> int | None:
        """The axis that objects are followed along; None for a single picture."""
        return self.space.layout.frame

    @property
    def frame_count(self) -> int:
        """Number of frames, at all positions."""
        return self.space.frame_count

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of a frame in pixels."""
        return self.space.shape_hw

    @property
    def held(self) -> dict[int, int]:
        """Index along axes that are neither followed nor part of a frame."""
        fixed = dict(self.space.layout.fixed)
        return {axis: at for axis, at in fixed.items() if self.axes[axis].size > 1}

    def looks_like(self, other: ImageSource) -> bool:
        """Whether the model sees the same of the same frames."""
        mine, its = self.frames, other.frames
        return (mine.channels, mine.level, self.limits, self.beside) == (
            its.channels,
            its.level,
            other.limits,
            other.beside,
        )

    @property
    def calibration(self) -> Axes:
        """Frames, rows and columns with pixel sizes and units, for tables and files.

        Axes of positions come first. Sizes are those that the layer has now.
        """
        now = image_axes(self.layer)
        axes = [
            replace(one, scale=other.scale, unit=other.unit)
            for one, other in zip(self.axes, now, strict=True)
        ]
        layout = self.space.layout
        first = Axis("t", 1) if layout.frame is None else axes[layout.frame]
        rows, columns = layout.plane
        return (*(axes[i] for i in layout.positions), first, axes[rows], axes[columns])


def image_source(
    layer: Image,
    *,
    axis: int | None = None,
    at: Mapping[int, int] | None = None,
    channels: tuple[int, ...] | None = None,
    limits: IntensityLimits | None = None,
    level: int = 0,
    beside: Sequence[Image] = (),
    every: bool = False,
) -> ImageSource:
    """Decide what of an image layer is tracked; no pixel is read.

    Parameters
    ----------
    layer : Image
        Of any array, multiscale or RGB.
    axis : int, optional
        The axis to follow objects along; guessed by default. Cutting a volume the
        other way is done by choosing its rows or columns.
    at : mapping of int to int, optional
        Index along axes that are neither followed nor part of a frame; the middle by
        default.
    channels : tuple of int, optional
        One to three channels, or colours, to show the model; the first three by
        default.
    limits : IntensityLimits, optional
        What is shown as black and white; estimated from the stack by default.
    level : int, optional
        Which level of a multiscale image is shown to the model, full resolution by
        default; coordinates and masks are those of full resolution in any case.
    beside : sequence of Image, optional
        Images of a single channel, of the same size and at the same place, whose pixels
        are further channels; with those of the layer three at most.
    every : bool, optional
        Follow objects at every index along the axes that ``at`` does not name, rather
        than in the middle: each is a position.

    Raises
    ------
    StackError
        If the image has no frames of two axes, an axis, index, channel or level is
        wrong, or an image does not fit beside it.
    """
    axes = image_axes(layer)
    if axis is None:
        axis = guess_frame_axis(axes)
    layout = _layout(axes, axis, at or {}, every=every)
    check_upright(layer, layout.plane)
    space = FrameSpace(
        layout,
        tuple(one.size for one in axes),
        tuple(one.name for one in axes),
    )
    first = layout.held_at((0,) * len(layout.positions))
    array = pixels_at(layer, level)
    frames = LayerFrames(array, first, channels, bool(layer.rgb), level)
    for other in beside:
        check_companion(layer, axes, other, image_axes(other))
    source = ImageSource(layer, axes, frames, space, limits, tuple(beside))
    assert source.seen.shape_hw == space.shape_hw  # says if there are too many
    return source


def renewed(source: ImageSource) -> ImageSource:
    """Return the same choices on the pixels that the layers have now.

    Images beside it that no longer fit are left out.

    Raises
    ------
    StackError
        If the image has another size, or pixels that cannot be used.
    """
    layer, layout = source.layer, source.space.layout
    axes = image_axes(layer)
    if tuple(one.size for one in axes) != source.space.shape:
        raise StackError(f"{layer.name} has another size than before.")
    made = image_source(
        layer,
        axis=layout.frame,
        at=dict(layout.fixed),
        channels=source.frames.channels,
        limits=source.limits,
        level=source.frames.level,
        beside=[one for one in source.beside if fits_beside(layer, one)],
        every=bool(layout.positions),
    )
    if made.space != source.space:
        raise StackError(f"{layer.name} has other axes than before.")
    return made


def contrast_limits(source: ImageSource) -> IntensityLimits | None:
    """Return what the layers show as black and white; None where they have no say."""
    ranges = [_contrast_range(one) for one in (source.layer, *source.beside)]
    shown = [one for one in ranges if one is not None]
    if len(shown) < len(ranges):
        return None
    if len(shown) == 1:
        return as_limits(*shown[0])
    own = [shown[0]] * len(source.frames.picked)
    low, high = zip(*[*own, *shown[1:], _BLANK][:3], strict=True)
    return IntensityLimits(low, high)


def _contrast_range(layer: Image) -> tuple[float, float] | None:
    # napari can set them anew for every frame that is looked at.
    if layer.rgb or getattr(layer, "auto_contrast", False):
        return None
    low, high = (float(limit) for limit in layer.contrast_limits)
    return (low, high) if np.isfinite([low, high]).all() and low < high else None


def _layout(
    axes: Axes, frame: int | None, at: Mapping[int, int], *, every: bool
) -> FrameLayout:
    if frame is not None and not 0 <= frame < len(axes):
        raise StackError(f"There is no axis {frame}: the image has {list_axes(axes)}.")
    channel = channel_axis(axes, frame)
    free = [i for i in range(len(axes)) if i not in (frame, channel)]
    flat = [i for i in free if i not in at]
    if len(flat) < 2:
        raise StackError(
            "A frame needs two axes, rows and columns, besides the one that objects "
            f"are followed along; the image has {list_axes(axes)}."
        )
    rest = [i for i in free if i not in flat[-2:]]
    positions = [i for i in rest if every and i not in at and axes[i].size > 1]
    fixed = {i: at.get(i, axes[i].size // 2) for i in rest if i not in positions}
    for index, position in fixed.items():
        if not 0 <= position < axes[index].size:
            raise StackError(f"{axes[index]} has no index {position}.")
    return FrameLayout(
        frame,
        (flat[-2], flat[-1]),
        channel,
        tuple(sorted(fixed.items())),
        tuple(positions),
    )
