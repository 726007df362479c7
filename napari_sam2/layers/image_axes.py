"""What an image layer is: its axes, channels and levels; nothing is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import Axis
from napari_sam2.core.units import unit_name
from napari_sam2.io.reading.level import at_level, whole_pyramid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Image

    from napari_sam2.core.axes import Axes

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
# What napari calls axes without a name; before 0.6.6, "axis -1".
_NUMBER = re.compile(r"(axis )?-?\d+")
_COLOURS = "red", "green", "blue", "opacity"


def image_axes(layer: Image) -> Axes:
    """Return the axes of an image layer in data order, without colours.

    Names come from the layer's axis labels where they say something, and from units
    else; otherwise the last two are ``y`` and ``x``, and those before are numbered.
    """
    array = full_array(layer)
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


def axis_word(axis: Axis) -> str:
    """Name an axis as users say it."""
    return "time" if axis.name == "t" else axis.name


def is_time(axis: Axis) -> bool:
    """Whether an axis is time, by its name or unit."""
    return axis.name == "t" or axis.unit in _TIME_UNITS


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


def channel_names(layer: Image) -> tuple[str, ...]:
    """Name the channels of an image layer; nothing where there is but one.

    Colours have names; channels have numbers, unless the layer's metadata list them as
    ``channel_names``.
    """
    axes, shape = image_axes(layer), full_array(layer).shape
    channel = len(shape) - 1 if layer.rgb else channel_axis(axes)
    count = 1 if channel is None else shape[channel]
    if count == 1:
        return ()
    given = layer.metadata.get("channel_names", ())
    if layer.rgb:
        return _COLOURS[:count]
    if isinstance(given, list | tuple) and len(given) == count:
        return tuple(map(str, given))
    return tuple(map(str, range(count)))


def channel_axis(axes: Axes, frame: int | None = None) -> int | None:
    """Return the axis of channels, unless it is the one that is followed."""
    found = (i for i, one in enumerate(axes) if one.name == "c" and i != frame)
    return next(found, None)


def level_sizes(layer: Image) -> tuple[tuple[int, int], ...]:
    """Return rows and columns of a pyramid's levels, finest first; else nothing."""
    colours = 1 if layer.rgb else 0
    shapes = [one.shape for one in whole_pyramid(_levels(layer), 0)]
    return tuple((s[-2 - colours], s[-1 - colours]) for s in shapes)


def pixels_at(layer: Image, level: int) -> Any:
    """Return the pixels at a level, spread to full resolution.

    Raises
    ------
    StackError
        If there is no such level.
    """
    return at_level(layer.name, _levels(layer), level)


def pixels_near(layer: Image, level: int) -> Any:
    """Return an image at a level, or at its coarsest if it has no such level."""
    levels = whole_pyramid(_levels(layer), 0) or (full_array(layer),)
    return at_level(layer.name, levels, min(level, len(levels) - 1))


def full_array(layer: Image) -> Any:
    """Return the pixels of a layer, at full resolution."""
    return _levels(layer)[0]


def _levels(layer: Image) -> Sequence[Any]:
    """Return the levels of a pyramid; one for other images."""
    return layer.data if layer.multiscale else [layer.data]


def _axis_name(label: str, unit: str, from_end: int, index: int) -> str:
    plain = label.strip().lower()
    if plain and not _NUMBER.fullmatch(plain):
        return _NAMES.get(plain, plain)
    if from_end <= 2:
        return "yx"[2 - from_end]
    if unit in _TIME_UNITS:
        return "t"
    return "z" if unit in _LENGTH_UNITS and from_end == 3 else f"axis {index}"
