"""The frames of an array whose axes are in any order, read one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.frames.source import check_channels, check_frame, pick_channels
from napari_sam2.core.frames.times import times_along

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.layout import FrameLayout
    from napari_sam2.core.frames.source import ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class LayerFrames:
    """The frames of an array, whatever the order of its axes; a ``FrameSource``.

    It holds a reference to the array and reads on the thread that asks.

    Attributes
    ----------
    array : array-like
        NumPy, Dask, Zarr, …; with a last axis of colours where ``is_colour``.
    layout : FrameLayout
    channels : tuple of int or None
        One to three channels that are shown to the model; None for the first three.
    is_colour : bool
        Whether the last axis of the array are the colours of a picture.
    level : int
        Which level of a pyramid the array shows, in the size of level 0.
    """

    array: ArrayLike
    layout: FrameLayout
    channels: tuple[int, ...] | None = None
    is_colour: bool = False
    level: int = 0

    def __post_init__(self) -> None:
        """Check the pixels and the channels."""
        if self.dtype.kind not in "buif":
            raise StackError(
                f"Pixels of type {self.dtype} cannot be shown to the model: convert "
                "the image to integers or floating point numbers."
            )
        if 0 in self.array.shape:
            raise StackError(f"The image is empty: it has shape {self.array.shape}.")
        if self.channels is not None:
            check_channels(self.channels, self.channel_count)

    @property
    def channel_axis(self) -> int | None:
        """The axis of channels or colours in the array."""
        return len(self.array.shape) - 1 if self.is_colour else self.layout.channel

    @property
    def channel_count(self) -> int:
        """Number of channels; 1 for grey images."""
        return 1 if self.channel_axis is None else self.array.shape[self.channel_axis]

    def __len__(self) -> int:
        """Count the frames."""
        return 1 if self.layout.frame is None else self.array.shape[self.layout.frame]

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame, (H, W) or (H, W, 3).

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        check_frame(frame, len(self))
        key = self.layout.key(frame, len(self.array.shape))
        with decoding(FrameError, f"Frame {frame} could not be read"):
            pixels = np.asarray(self.array[tuple(key)])
        if self.channel_axis is None:
            return pixels
        gone = sum(isinstance(one, int) for one in key[: self.channel_axis])
        pixels = np.moveaxis(pixels, self.channel_axis - gone, -1)
        return pick_channels(pixels, self.picked)

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels that are read; one for grey frames."""
        return self.channels or tuple(range(min(self.channel_count, 3)))

    @property
    def frame_times(self) -> Sequence[float] | None:
        """When each frame is shown, where they do not follow each other evenly."""
        return times_along(self.array, self.layout)

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        rows, columns = self.layout.plane
        return self.array.shape[rows], self.array.shape[columns]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures, shown as they are."""
        return self.is_colour and self.channels is None
