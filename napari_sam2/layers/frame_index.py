"""Which frames an index into a stack touches, and what it is to these alone."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """An index into a stack, as one into some of its frames.

    Attributes
    ----------
    frames : sequence of int
        The frames that are touched.
    lengths : tuple of int
        How many there are along each axis of frames, the last one counting fastest.
    inner : tuple
        The same index into an array of these frames alone, in this order.
    cut_axis : int or None
        The only axis along which there are several frames, if the index consists of
        numbers and slices, one for every axis.
    """

    frames: Sequence[int]
    lengths: tuple[int, ...]
    inner: Any
    cut_axis: int | None = None


def index_frames(
    index: Any, shape: tuple[int, ...], frame_axes: tuple[int, ...]
) -> FrameIndex:
    """Part an index as NumPy knows them into frames, and an index into these.

    Parameters
    ----------
    index : int, slice, Ellipsis, array or tuple of these
    shape : tuple of int
        Of the stack.
    frame_axes : tuple of int
        Those along which there are frames, the last one counting fastest; none for a
        stack of one frame.

    Raises
    ------
    IndexError
        If there is no such frame.
    """
    parts = _completed(index, len(shape))
    sizes = tuple(shape[axis] for axis in frame_axes)
    if parts is None:
        return FrameIndex(range(math.prod(sizes)), sizes, index)
    theirs = [parts[axis] for axis in frame_axes]
    if len(theirs) > 1 and _are_places(theirs):
        return _at_places(parts, frame_axes, sizes)
    found = [_frames_of(part, size) for part, size in zip(theirs, sizes, strict=True)]
    inner = list(parts)
    for axis, (_, within) in zip(frame_axes, found, strict=True):
        inner[axis] = within
    lengths = tuple(len(touched) for touched, _ in found)
    frames = _numbers([touched for touched, _ in found], sizes)
    return FrameIndex(frames, lengths, tuple(inner), _cut_axis(parts, frame_axes))


def _numbers(touched: Sequence[Sequence[int]], sizes: tuple[int, ...]) -> Sequence[int]:
    """Return the numbers of the frames at all combinations of indices."""
    if len(sizes) == 1:
        return touched[0]
    if not sizes:
        return (0,)
    grid = np.meshgrid(*(np.asarray(one, np.intp) for one in touched), indexing="ij")
    numbers: list[int] = np.ravel_multi_index(grid, sizes).ravel().tolist()
    return numbers


def _cut_axis(parts: tuple[Any, ...], frame_axes: tuple[int, ...]) -> int | None:
    sliced = [axis for axis in frame_axes if isinstance(parts[axis], slice)]
    is_basic = all(isinstance(part, int | slice) for part in parts)
    return sliced[0] if is_basic and len(sliced) == 1 else None


def _are_places(parts: Sequence[Any]) -> bool:
    """Whether there are single places rather than all combinations of indices."""
    return not any(isinstance(part, slice) for part in parts) and any(
        not isinstance(part, int) and np.asarray(part).dtype != bool for part in parts
    )


def _at_places(
    parts: tuple[Any, ...], frame_axes: tuple[int, ...], sizes: tuple[int, ...]
) -> FrameIndex:
    """Part an index that has numbers, or arrays of them, for all axes of frames."""
    where = [
        np.where(np.asarray(parts[axis]) < 0, np.asarray(parts[axis]) + size,
                 np.asarray(parts[axis]))
        for axis, size in zip(frame_axes, sizes, strict=True)
    ]  # fmt: skip
    try:
        numbers = np.ravel_multi_index(np.broadcast_arrays(*where), sizes)
    except ValueError as error:
        raise IndexError(f"there are no frames at these places: {error}") from error
    found, places = np.unique(numbers, return_inverse=True)
    inner = list(parts)
    for axis in frame_axes[:-1]:
        inner[axis] = 0
    inner[frame_axes[-1]] = places.reshape(numbers.shape)
    lengths = (*(1 for _ in frame_axes[:-1]), len(found))
    return FrameIndex(found.tolist(), lengths, tuple(inner))


def _completed(index: Any, ndim: int) -> tuple[Any, ...] | None:
    """Return one part for every axis; None where parts are not for one axis each."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [_plain(part) for part in parts]
    if any(part is None or np.ndim(part) > 1 for part in parts if part is not ...):
        return None
    if any(part is ... for part in parts):
        at = next(n for n, part in enumerate(parts) if part is ...)
        parts[at : at + 1] = [slice(None)] * (ndim - len(parts) + 1)
    parts += [slice(None)] * (ndim - len(parts))
    return tuple(parts) if len(parts) == ndim else None


def _plain(part: Any) -> Any:
    """Return Python's own number for any other."""
    if isinstance(part, bool | np.bool_):
        return None  # a mask without axes
    try:
        return operator.index(part)
    except TypeError:
        return part


def _frames_of(part: Any, count: int) -> tuple[Sequence[int], Any]:
    """Return the frames of one part of an index, and what it is to them."""
    if isinstance(part, slice):
        return range(*part.indices(count)), slice(None)
    if isinstance(part, int):
        return (_within(part, count),), 0
    numbers = np.asarray(part)
    if numbers.dtype == bool:
        numbers = np.flatnonzero(numbers)
    found, places = np.unique(numbers.astype(np.intp), return_inverse=True)
    frames = [_within(int(one), count) for one in found]
    return frames, places.reshape(numbers.shape)


def _within(frame: int, count: int) -> int:
    if not -count <= frame < count:
        raise IndexError(f"frame {frame} is out of bounds for {count} frames")
    return frame % count
