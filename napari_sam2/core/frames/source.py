"""Frames of one stack, pulled one at a time.

The engine sees every stack through :class:`FrameSource`; what a file or an array looks
like inside is the business of whoever makes one.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.given import check_given, shown

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_CHANNELS = 8
"""Of which none is named: more are more likely another axis."""

COLOURS = (0, 1, 2)
"""The channels of a picture that are red, green and blue."""


@runtime_checkable
class FrameSource(Protocol):
    """A stack as a sequence of frames, none of which is read before it is asked for."""

    def __len__(self) -> int:
        """Count the frames, without reading any."""
        ...

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame: (H, W) grey or (H, W, 3) colour, any real dtype.

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        ...

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        ...

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures, (H, W, 3), shown as they are."""
        ...


@runtime_checkable
class ArrayLike(Protocol):
    """What NumPy, Dask, Zarr and tifffile's store have in common."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """Read a part."""
        ...


@dataclass(frozen=True)
class ArrayFrames:
    """A lazily read array, frames first: (T, Y, X) or (T, Y, X, C).

    Parameters
    ----------
    array : array-like
        Anything with ``shape``, ``dtype`` and ``__getitem__``: NumPy, Dask, Zarr, a
        memory map. One frame is read at a time, by ``array[frame]``.
    channels : tuple of int, optional
        One to three channels of a (T, Y, X, C) array to show the model. By default the
        first three of up to eight, so that an alpha channel is left out; of more, which
        may be another axis, they must be given.

    Raises
    ------
    StackError
        If the shape is not that of a stack, or the pixels are not real numbers.
    """

    array: ArrayLike
    channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check the shape, the type and the channels."""
        check_array(self.array)
        _check_stack(self.array.shape, self.dtype)
        if self.channels is not None:
            check_channels(self.channels, self._channel_count)
        elif self._channel_count > MOST_CHANNELS:
            raise StackError(_is_another_axis(self.array.shape))

    @property
    def _channel_count(self) -> int:
        return self.array.shape[3] if len(self.array.shape) == 4 else 1

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels that are read; one for grey frames."""
        if self.channels is not None:
            return self.channels
        count = self._channel_count
        return COLOURS if count >= 3 else tuple(range(count))

    def __len__(self) -> int:
        """Count the frames."""
        return self.array.shape[0]

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame, (H, W) or (H, W, 3)."""
        check_frame(frame, len(self))
        with decoding(FrameError, f"Frame {frame} could not be read"):
            pixels = np.asarray(self.array[frame])
        return pick_channels(pixels, self.picked) if pixels.ndim == 3 else pixels

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.array.shape[1], self.array.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures: three or four channels, none picked."""
        return self.channels is None and self._channel_count in (3, 4)


def as_frame_source(
    stack: FrameSource | ArrayLike, channels: tuple[int, ...] | None = None
) -> FrameSource:
    """Return ``stack`` as frames: itself when it already is, else an array wrapped.

    Raises
    ------
    StackError
        If it is neither, is no stack, or channels of a finished source are picked.
    """
    if hasattr(stack, "array") and hasattr(stack, "axes"):
        raise StackError(
            "That is a stack with named axes, of which the frames are not known: give "
            "its array, stack.array, or use track_stack."
        )
    if hasattr(stack, "shape"):
        return ArrayFrames(stack, channels)  # type: ignore[arg-type]
    advice = (
        "give an array with a shape and a dtype, such as np.asarray(...) makes, or of "
        "a file open_stack(path).array"
    )
    check_given(stack, FrameSource, "stack of frames", advice, StackError)
    if channels is not None:
        raise StackError("Pick the channels where the stack is opened, not here.")
    return stack


def check_array(array: ArrayLike) -> None:
    """Raise StackError unless something is an array with a type of NumPy's."""
    advice = "give a NumPy, Dask or Zarr array, such as np.asarray(...) makes"
    check_given(array, ArrayLike, "array", advice, StackError)
    try:
        np.dtype(array.dtype)
    except TypeError:
        raise StackError(
            f"{shown(array)} holds pixels of type {array.dtype}, which is none of "
            "NumPy's: give a NumPy array instead, such as tensor.numpy() of a tensor."
        ) from None


def channel_labels(frames: FrameSource) -> tuple[str, ...]:
    """Name the channels of the frames that a source reads; nothing for grey frames.

    Colours have names, picked channels their numbers: ``("c0", "c2")``.
    """
    if frames.is_rgb:
        return "red", "green", "blue"
    picked = picked_channels(frames)
    return tuple(f"c{number}" for number in picked) if len(picked) > 1 else ()


def picked_channels(frames: FrameSource) -> tuple[int, ...]:
    """Return the channels that a source reads; none where it does not say."""
    picked: tuple[int, ...] = getattr(frames, "picked", ())
    return picked


def planes_at_once(frames: FrameSource) -> int:
    """Return how many planes a frame has: one if it is grey, else three.

    Frames of a source that does not say what it picks may be in colours.
    """
    is_grey = not frames.is_rgb and len(picked_channels(frames)) == 1
    return 1 if is_grey else len(COLOURS)


def pick_channels(
    pixels: npt.NDArray[Any], channels: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Reduce (H, W, C) to the picked channels: (H, W) for one, (H, W, 3) otherwise.

    Two channels are shown as red and green, with blue left at the type's zero.
    """
    if len(channels) == 1:
        return pixels[..., channels[0]]
    if channels == COLOURS:
        return pixels[..., :3]
    picked = pixels[..., list(channels)]
    if len(channels) == 2:
        blank = np.zeros_like(picked[..., :1])
        picked = np.concatenate([picked, blank], axis=-1)
    return picked


def check_frame(frame: int, count: int) -> int:
    """Return a frame's number, NumPy's too, as an int.

    Raises
    ------
    FrameError
        Unless it is a whole number and ``0 <= frame < count``.
    """
    try:
        number = operator.index(frame)
    except TypeError:
        number = -1
    if not 0 <= number < count:
        raise FrameError(
            f"Frame {frame} does not exist: the stack has {count} frames, "
            f"0 to {count - 1}."
        )
    return number


def check_channels(channels: tuple[int, ...], count: int) -> None:
    """Raise :class:`StackError` unless one to three existing channels are picked."""
    if not isinstance(channels, tuple | list):
        raise StackError(
            f"{channels!r} are no channels: give their numbers, such as channels=(1,)."
        )
    if not 1 <= len(channels) <= 3:
        raise StackError(
            f"{len(channels)} channels were picked: the model sees one (grey) or up to "
            "three (red, green, blue)."
        )
    wrong = [channel for channel in channels if channel not in range(count)]
    if wrong:
        has = f"{count} channels, 0 to {count - 1}" if count > 1 else "1 channel, 0"
        raise StackError(f"Channel {wrong[0]} does not exist: the stack has {has}.")


def _is_another_axis(shape: tuple[int, ...]) -> str:
    return (
        f"The last of the axes {tuple(shape)} would be {shape[3]} channels: an array "
        "of four axes is (frames, rows, columns, channels). Name the channels that the "
        "model sees, such as channels=(0,); or, if these are the columns of volumes, "
        "use track_stack, or give one volume."
    )


def _check_stack(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if len(shape) not in (3, 4):
        raise StackError(
            f"An array of shape {tuple(shape)} is not a stack of frames: give "
            "(frames, rows, columns), or (frames, rows, columns, channels)."
        )
    if shape[0] == 0:
        raise StackError("The stack has no frames.")
    if min(shape[1:]) == 0:
        raise StackError(f"The frames are empty: the stack has shape {tuple(shape)}.")
    if dtype.kind not in "buif":
        raise StackError(
            f"Pixels of type {dtype} cannot be shown to the model: convert the stack "
            "to integers or floating point numbers."
        )
