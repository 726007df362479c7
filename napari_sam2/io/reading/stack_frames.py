"""Take frames from a stack, one at a time.

How files are opened is :mod:`napari_sam2.io.reading.stack`'s; which axis is followed is
:mod:`napari_sam2.core.axes`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axes, Axis
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.frames.layout import FrameLayout, frame_layout
from napari_sam2.core.frames.source import (
    COLOURS,
    check_channels,
    check_frame,
    pick_channels,
)
from napari_sam2.core.frames.times import times_along

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions
    from napari_sam2.io.reading.stack import Stack

# ImageJ calls the frames of a stack channels unless it was told what they are.
_MOST_COLOURS = 4
# Larger ones are not looked at whole by anybody; most are damaged headers.
_LARGEST_FRAME_BYTES = 1 << 33


@dataclass(frozen=True, slots=True, eq=False)
class StackFrames:
    """The frames of a stack along one of its axes: a ``FrameSource``.

    Attributes
    ----------
    stack : Stack
        The opened file.
    layout : FrameLayout
        Which axis is followed, and which two are a frame.
    channels : tuple of int or None
        Channels that are shown; None for the default.
    """

    stack: Stack
    layout: FrameLayout
    channels: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Count the frames."""
        return self.axes[0].size

    @property
    def axes(self) -> Axes:
        """The axes of results: (frames, rows, columns), with pixel sizes and units."""
        axes, layout = self.stack.axes, self.layout
        frames = Axis("i", 1) if layout.frame is None else axes[layout.frame]
        return frames, axes[layout.plane[0]], axes[layout.plane[1]]

    @property
    def frame_times(self) -> Sequence[float] | None:
        """When each frame is shown, where they do not follow each other evenly."""
        return times_along(self.stack.array, self.layout)

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self.axes[1].size, self.axes[2].size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.stack.dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures, shown as they are."""
        channel = self.layout.channel
        if self.channels is not None or channel is None:
            return False
        return self.stack.is_rgb and self.stack.axes[channel].name == "s"

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame: (H, W), or (H, W, 3) in colour or for two or three channels.

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        check_frame(frame, len(self))
        failed = f"Frame {frame} of {self.stack.path} could not be read"
        with decoding(FrameError, failed):
            return np.array(self._read(frame), self.dtype, order="C")

    def _read(self, frame: int) -> npt.NDArray[Any]:
        channel, picked = self.layout.channel, self.picked
        if channel is None:
            return self._plane(frame)
        if channel > max(self.layout.plane):  # samples lie together: read them at once
            return pick_channels(self._plane(frame), picked)
        planes = [self._plane(frame, c) for c in picked]
        if len(planes) == 1:
            return planes[0]
        return pick_channels(np.stack(planes, axis=-1), tuple(range(len(planes))))

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels that are read; one for grey frames."""
        if self.channels is not None:
            return self.channels
        return COLOURS if self.is_rgb else (0,)

    def _plane(
        self, frame: int, channel: int | slice = slice(None)
    ) -> npt.NDArray[Any]:
        """Read (rows, columns) of a channel, or with all channels last."""
        layout = self.layout
        key = layout.key(frame, len(self.stack.axes))
        if layout.channel is not None:
            key[layout.channel] = channel
        pixels = np.asarray(self.stack.array[tuple(key)])
        if layout.plane[0] > layout.plane[1]:
            pixels = pixels.swapaxes(0, 1)
        return pixels


def stack_frames(
    stack: Stack,
    axis: int | str | None = None,
    channels: tuple[int, ...] | None = None,
    at: Mapping[str, int] | None = None,
) -> StackFrames:
    """Choose the frames of a stack.

    Parameters
    ----------
    stack : Stack
        The opened file.
    axis : int or str, optional
        Number or name of the axis along which objects are followed. May be left out
        when only one is possible; a single picture is a stack of one frame. Where there
        is nothing but channels, more than four of them are taken as frames.
    channels : tuple of int, optional
        One to three channels to show. By default colour pictures are shown as they are,
        and of fluorescence channels the first one.
    at : mapping of str to int, optional
        Where to stay along axes that are left: ``{"z": 3}`` of a T, Z, Y, X stack.

    Returns
    -------
    StackFrames
        A lazily read ``FrameSource``; its ``axes`` are those of results.

    Raises
    ------
    StackError
        If the axis is ambiguous or does not exist, or a channel does not exist.
    """
    layout = frame_layout(stack.axes, axis, at)
    if axis is None and channels is None and _is_mislabelled(stack.axes, layout):
        layout = frame_layout(stack.axes, layout.channel, at)
    if channels is not None:
        channel = layout.channel
        check_channels(channels, 1 if channel is None else stack.axes[channel].size)
    frames = StackFrames(stack, layout, channels)
    _check_size(frames)
    return frames


def frames_at(
    frames: StackFrames, positions: Positions, position: Position
) -> StackFrames:
    """Return the frames at another position of the same stack."""
    fixed = dict(frames.layout.fixed)
    fixed |= dict(zip(positions.indices, position, strict=True))
    layout = replace(frames.layout, fixed=tuple(sorted(fixed.items())))
    return replace(frames, layout=layout)


def _check_size(frames: StackFrames) -> None:
    height, width = frames.shape_hw
    size = height * width * frames.dtype.itemsize * max(1, len(frames.picked))
    if size > _LARGEST_FRAME_BYTES:
        raise StackError(
            f"The frames of {frames.stack.path} are {height} × {width} pixels, "
            f"{size / 2**30:.3g} GiB each: too large to be read at once. Cut the stack "
            "into smaller fields. If they are not that large, the file is damaged."
        )


def _is_mislabelled(axes: Axes, layout: FrameLayout) -> bool:
    """Whether the only axis is called channels, but is too long to be colours."""
    channel = layout.channel
    if channel is None or layout.frame is not None:
        return False
    return axes[channel].name == "c" and axes[channel].size > _MOST_COLOURS
