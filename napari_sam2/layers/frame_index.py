"""Which frames an index into a stack touches, and what it is to these alone."""

from __future__ import annotations

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
    inner : tuple
        The same index into an array of these frames alone, in this order.
    is_basic : bool
        Whether it consists of numbers and slices, one for every axis.
    """

    frames: Sequence[int]
    inner: Any
    is_basic: bool


def index_frames(
    index: Any, shape: tuple[int, ...], frame_axis: int | None
) -> FrameIndex:
    """Part an index as NumPy knows them into frames, and an index into these.

    Parameters
    ----------
    index : int, slice, Ellipsis, array or tuple of these
    shape : tuple of int
        Of the stack.
    frame_axis : int or None
        None for a stack of one frame without an axis for it.

    Raises
    ------
    IndexError
        If there is no such frame.
    """
    parts = _completed(index, len(shape))
    is_basic = parts is not None and all(isinstance(p, int | slice) for p in parts)
    if frame_axis is None:
        return FrameIndex((0,), index if parts is None else parts, is_basic)
    count = shape[frame_axis]
    if parts is None:
        return FrameIndex(range(count), index, is_basic=False)
    frames, inner = _frames_of(parts[frame_axis], count)
    before, after = parts[:frame_axis], parts[frame_axis + 1 :]
    return FrameIndex(frames, (*before, inner, *after), is_basic)


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
