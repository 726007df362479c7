"""What of an image layer is tracked: its axes, and where its frames lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axis, FrameLayout, list_axes, without_channel
from napari_sam2.core.errors import StackError
from napari_sam2.core.intensity import IntensityLimits, as_limits
from napari_sam2.core.side_by_side import SideBySide
from napari_sam2.core.units import unit_name
from napari_sam2.io.level import at_level, whole_pyramid
from napari_sam2.layers.companions import check_companion
from napari_sam2.layers.coordinates import FrameSpace
from napari_sam2.layers.layer_file import image_key
from napari_sam2.layers.layer_frames import LayerFrames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.layers import Image

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames import FrameSource

_NAMES = {
    "time": "t", "frame": "t", "frames": "t", "timepoint": "t",
    "depth": "z", "plane": "z", "slice": "z",
    "row": "y", "rows": "y", "column": "x", "columns": "x",
    "channel": "c", "channels": "c", "ch": "c",
}  # fmt: skip
_TIME_UNITS = {"millisecond", "second", "minute", "hour", "day"}
_LENGTH_UNITS = {
    "angstrom", "nanometer", "micrometer", "millimeter", "centimeter", "meter",
}  # fmt: skip
_COLOURS = "red", "green", "blue", "opacity"
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
    def seen(self) -> FrameSource:
        """What the model sees: the frames, with those of the images beside it."""
        if not self.beside:
            return self.frames
        mine, layout = self.frames, without_channel(self.frames.layout)
        own = (
            [mine]
            if mine.channel_axis is None
            else [replace(mine, channels=(one,)) for one in mine.picked]
        )
        further = [
            LayerFrames(_nearest_level(one, mine.level), layout) for one in self.beside
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
        """Number of frames."""
        return self.space.frame_count

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of a frame in pixels."""
        return self.space.shape_hw

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
        """Frames, rows and columns with pixel sizes and units, for tables and files."""
        frame = self.space.layout.frame
        first = Axis("t", 1) if frame is None else self.axes[frame]
        rows, columns = self.space.layout.plane
        return first, self.axes[rows], self.axes[columns]


def image_source(
    layer: Image,
    *,
    axis: int | None = None,
    at: Mapping[int, int] | None = None,
    channels: tuple[int, ...] | None = None,
    limits: IntensityLimits | None = None,
    level: int = 0,
    beside: Sequence[Image] = (),
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

    Raises
    ------
    StackError
        If the image has no frames of two axes, an axis, index, channel or level is
        wrong, or an image does not fit beside it.
    """
    axes = image_axes(layer)
    if axis is None:
        axis = guess_frame_axis(axes)
    layout = _layout(axes, axis, at or {})
    space = FrameSpace(
        layout,
        tuple(one.size for one in axes),
        tuple(one.name for one in axes),
    )
    array = at_level(layer.name, _levels(layer), level)
    frames = LayerFrames(array, layout, channels, bool(layer.rgb), level)
    for other in beside:
        check_companion(layer, axes, other, image_axes(other))
    source = ImageSource(layer, axes, frames, space, limits, tuple(beside))
    assert source.seen.shape_hw == space.shape_hw  # says if there are too many
    return source


def image_axes(layer: Image) -> Axes:
    """Return the axes of an image layer in data order, without colours.

    Names come from the layer's axis labels where they say something, and from units
    else; otherwise the last two are ``y`` and ``x``, and those before are numbered.
    """
    array = _array(layer)
    units = [unit_name(str(unit)) for unit in layer.units]
    return tuple(
        Axis(
            _axis_name(label, units[index], layer.ndim - index, index),
            int(array.shape[index]),
            abs(float(layer.scale[index])),
            units[index],
        )
        for index, label in enumerate(layer.axis_labels)
    )


def channel_names(layer: Image) -> tuple[str, ...]:
    """Name the channels of an image layer; nothing where there is but one.

    Colours have names; channels have numbers, unless the layer's metadata list them as
    ``channel_names``.
    """
    layout = _layout(image_axes(layer), guess_frame_axis(image_axes(layer)), {})
    count = LayerFrames(_array(layer), layout, is_colour=bool(layer.rgb)).channel_count
    if count == 1:
        return ()
    given = layer.metadata.get("channel_names", ())
    if layer.rgb:
        return _COLOURS[:count]
    if isinstance(given, list | tuple) and len(given) == count:
        return tuple(map(str, given))
    return tuple(map(str, range(count)))


def guess_frame_axis(axes: Axes) -> int | None:
    """Return the axis that objects are most likely followed along.

    Time if there is any, by name or unit; else depth; else the first that is neither a
    channel nor among the last two. None for a single picture.
    """
    candidates = [i for i, one in enumerate(axes[:-2]) if one.name != "c"]
    signs: tuple[Callable[[Axis], bool], ...] = (
        lambda one: one.name == "t",
        lambda one: one.unit in _TIME_UNITS,
        lambda one: one.name == "z",
        lambda one: one.size > 1,
        lambda _: True,
    )
    found = (i for is_likely in signs for i in candidates if is_likely(axes[i]))
    return next(found, None)


def contrast_limits(source: ImageSource) -> IntensityLimits | None:
    """Return what the layers show as black and white; None where they have no say.

    Colour pictures are shown as they are.
    """
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
    if layer.rgb:
        return None
    low, high = (float(limit) for limit in layer.contrast_limits)
    return (low, high) if np.isfinite([low, high]).all() and low < high else None


def level_sizes(layer: Image) -> tuple[tuple[int, int], ...]:
    """Return rows and columns of a pyramid's levels, finest first; else nothing."""
    colours = 1 if layer.rgb else 0
    shapes = [one.shape for one in whole_pyramid(_levels(layer), 0)]
    return tuple((s[-2 - colours], s[-1 - colours]) for s in shapes)


def _array(layer: Image) -> Any:
    """Return the pixels of a layer, at full resolution."""
    return _levels(layer)[0]


def _levels(layer: Image) -> Sequence[Any]:
    """Return the levels of a pyramid; one for other images."""
    return layer.data if layer.multiscale else [layer.data]


def _nearest_level(layer: Image, level: int) -> Any:
    """Return an image at a level, or at its coarsest if it has no such level."""
    levels = whole_pyramid(_levels(layer), 0) or (_array(layer),)
    return at_level(layer.name, levels, min(level, len(levels) - 1))


def _axis_name(label: str, unit: str, from_end: int, index: int) -> str:
    plain = label.strip().lower()
    if plain and not plain.lstrip("-").isdigit():
        return _NAMES.get(plain, plain)
    if from_end <= 2:
        return "yx"[2 - from_end]
    if unit in _TIME_UNITS:
        return "t"
    return "z" if unit in _LENGTH_UNITS and from_end == 3 else f"axis {index}"


def _layout(axes: Axes, frame: int | None, at: Mapping[int, int]) -> FrameLayout:
    if frame is not None and not 0 <= frame < len(axes):
        raise StackError(f"There is no axis {frame}: the image has {list_axes(axes)}.")
    channel = _channel_axis(axes, frame)
    free = [i for i in range(len(axes)) if i not in (frame, channel)]
    flat = [i for i in free if i not in at]
    if len(flat) < 2:
        raise StackError(
            "A frame needs two axes, rows and columns, besides the one that objects "
            f"are followed along; the image has {list_axes(axes)}."
        )
    plane = flat[-2], flat[-1]
    fixed = {i: at.get(i, axes[i].size // 2) for i in free if i not in plane}
    for index, position in fixed.items():
        if not 0 <= position < axes[index].size:
            raise StackError(f"{axes[index]} has no index {position}.")
    return FrameLayout(frame, plane, channel, tuple(sorted(fixed.items())))


def _channel_axis(axes: Axes, frame: int | None) -> int | None:
    found = [i for i, one in enumerate(axes) if one.name == "c" and i != frame]
    return found[0] if found else None
