"""What is said of an image that is worked on; pure, without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.frames.hounsfield import hides_organs
from napari_sam2.layers.image_axes import axis_word, channel_names

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axis
    from napari_sam2.layers.image_source import ImageSource

NO_IMAGE = "Open an image, or a sample from Help below, to begin."
AS_DISPLAYED = (
    "Show the model what the layer's contrast limits show you, live: answers to "
    "prompts follow at once, or after the run that goes on, and masks of runs with the "
    "next run. Otherwise a range that is estimated from the whole stack, of CT that of "
    "soft tissue"
)
_IF_CT = (
    "If this is CT, its organs hardly differ at these contrast limits, to you and to "
    "the model"
)


def level_words(size_hw: tuple[int, int], full_hw: tuple[int, int]) -> str:
    """Name a level of a pyramid: "full (2048 × 2048)", "1/4 (512 × 512)"."""
    reduction = max(1, round(full_hw[0] / size_hw[0]))
    share = "full" if size_hw == full_hw else f"1/{reduction}"
    return f"{share} ({size_hw[0]} × {size_hw[1]})"


def axis_words(axis: Axis) -> str:
    """Name an axis with its length, as users say it: "time (11)", "z (32)"."""
    return f"{axis_word(axis)} ({axis.size})"


def summarise(source: ImageSource) -> str:
    """Say in a few words what is followed: "cells · z (32)"."""
    name, axis = source.layer.name, source.frame_axis
    if axis is None:
        return str(name)
    return f"{name} · {axis_words(source.axes[axis])}"


def describe(source: ImageSource) -> str:
    """Say what is followed, and how it might be seen better."""
    extent = f"{_extent(source)}{_channels(source)}"
    return f"{extent}. {_IF_CT}" if shows_all_of_ct(source) else extent


def shows_all_of_ct(source: ImageSource) -> bool:
    """Tell whether an image may be CT that is looked at in its whole range."""
    limits = source.limits
    if limits is None or len(limits.low) > 1 or source.frames.dtype.kind == "u":
        return False
    return hides_organs(limits.low[0], limits.high[0])


def _extent(source: ImageSource) -> str:
    """Say how much is followed: "50 frames of 512 × 512 pixels"."""
    height, width = source.shape_hw
    words = f"{source.space.numbers.length} frames of {height} × {width} pixels"
    held = [f"{source.axes[i].name.upper()} = {n}" for i, n in source.held.items()]
    if held:
        return f"{words}, at {', '.join(held)}"
    along = " and ".join(axis_words(axis) for axis in source.positions.axes)
    return f"{words}, at each position along {along}" if along else words


def _channels(source: ImageSource) -> str:
    """Say which channels are seen at once, for napari shows one at a time."""
    frames = source.frames
    if frames.is_rgb or frames.channel_axis is None or len(frames.picked) < 2:
        return ""
    names = channel_names(source.layer)
    listed = ", ".join(names[number] for number in frames.picked)
    return f"; the model sees channels {listed} at once, whichever is displayed"
