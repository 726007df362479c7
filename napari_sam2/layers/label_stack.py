"""The label image of a whole stack, drawn frame by frame when it is looked at.

As an array, the labels of 2,000 frames of 2,048² pixels would take 16 GB, and drawing
all of them seconds in which the window hangs.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from napari_sam2.core.frames.lazy_array import LazyArray
from napari_sam2.layers.canvases import Canvases
from napari_sam2.layers.frame_index import index_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from napari_sam2.layers.canvases import Canvas
    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.layers.painting import Drawn

_MEMORY_BYTES = 256 << 20
# fmt: off
_OF_ALL_PIXELS = frozenset([
    "all", "any", "argmax", "argmin", "astype", "copy", "flatten", "max", "mean", "min",
    "nonzero", "ravel", "reshape", "squeeze", "std", "sum", "swapaxes", "tobytes",
    "tolist", "transpose",
])
# fmt: on


class LabelStack(LazyArray, NDArrayOperatorsMixin):
    """Labels of all frames, in the image's axis order, which look like an array.

    It can be indexed, computed with and written to as an array can; only what computes
    with all pixels takes memory for all. Single frames, and cuts as long as somebody
    has them, are views as those of arrays are. Axes of channels have their full length
    but share their pixels: objects are seen, and painted, in all channels.

    Parameters
    ----------
    space : FrameSpace
    dtype : dtype
        An unsigned integer type.
    masks_on : callable
        Returns the masks of a frame, in the order in which they are drawn; called on
        any thread that looks at the labels.
    memory_bytes : int, optional
        About how much memory frames may take that were looked at.
    """

    def __init__(
        self,
        space: FrameSpace,
        dtype: npt.DTypeLike,
        masks_on: Callable[[int], Drawn],
        *,
        memory_bytes: int = _MEMORY_BYTES,
    ) -> None:
        channel = space.layout.channel
        self.shape = tuple(
            space.shape[axis] if axis == channel else length
            for axis, length in enumerate(space.label_shape())
        )
        along = space.layout.frame
        own = () if along is None else (along,)
        self._frame_axes = (*space.layout.positions, *own)
        self._plane = space.layout.plane
        self._canvases = Canvases(
            space.shape_hw, dtype, masks_on, memory_bytes=memory_bytes
        )
        self.dtype = self._canvases.dtype
        self._cut: tuple[object, weakref.ref[npt.NDArray[Any]]] | None = None
        self._outdated: set[int] = set()

    def __repr__(self) -> str:
        """Say what it is, without drawing anything."""
        return f"<LabelStack of shape {self.shape} and type {self.dtype}>"

    def __getitem__(self, index: Any) -> Any:
        """Return labels."""
        found = index_frames(index, self.shape, self._frame_axes)
        if len(found.frames) == 1:
            labels = self._canvases[found.frames[0]].labels
            return self._spread(labels[None], found.lengths)[found.inner]
        if found.cut_axis is not None:
            return self._cut_through(found.frames, found.inner, found.cut_axis)
        return self._spread(self._drawn(found.frames), found.lengths)[found.inner]

    def __setitem__(self, index: Any, value: Any) -> None:
        """Change pixels."""
        found = index_frames(index, self.shape, self._frame_axes)
        if len(found.frames) == 1:
            labels = self._canvases.for_writing(found.frames[0]).labels[None]
            self._spread(labels, found.lengths)[found.inner] = value
        else:
            labels = self._drawn(found.frames)
            self._spread(labels, found.lengths)[found.inner] = value
            for frame, plane in zip(found.frames, labels, strict=True):
                self._canvases.for_writing(frame).labels[...] = plane
        self._outdated.update(found.frames)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Return all labels as an array, which the stack does not follow."""
        if copy is False:
            raise ValueError("labels are drawn when they are asked for: it is a copy")
        found = index_frames(..., self.shape, self._frame_axes)
        labels = self._spread(self._drawn(found.frames), found.lengths)
        return np.ascontiguousarray(labels, dtype)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        """Compute with all labels."""
        arrays = [np.asarray(i) if isinstance(i, LabelStack) else i for i in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return what arrays can do with all of their pixels."""
        if name in _OF_ALL_PIXELS:
            return getattr(np.asarray(self), name)
        raise AttributeError(f"{type(self).__name__} has no {name}")

    def __deepcopy__(  # type: ignore[override]
        self, memo: dict[int, Any]
    ) -> npt.NDArray[Any]:
        """Return an array: a copy of the layer is no longer ours."""
        return np.asarray(self)

    def known(self, frame: int) -> Canvas | None:
        """Return the label image of a frame if somebody has looked at it."""
        return self._canvases.known(frame)

    def written(self) -> set[int]:
        """Return the frames on which pixels were changed since they were drawn."""
        return self._canvases.written()

    def settle(self, frames: Iterable[int]) -> None:
        """Note that what was painted on these frames is known elsewhere by now."""
        for frame in frames:
            canvas = self._canvases.known(frame)
            if canvas is not None:
                canvas.is_written = False

    def forget(self, frames: Iterable[int]) -> None:
        """Draw these frames anew when they are looked at, whatever was painted."""
        frames = [*frames]
        self._canvases.forget(frames)
        self._outdated.update(frames)

    def _spread(
        self, labels: npt.NDArray[Any], lengths: tuple[int, ...]
    ) -> npt.NDArray[Any]:
        """View label images, (n, H, W), in the axis order of the stack.

        Parameters
        ----------
        labels : ndarray
        lengths : tuple of int
            How many of the n there are along each axis of frames.
        """
        shape, strides = list(self.shape), [0] * self.ndim
        for axis, mine in zip(self._plane, (1, 2), strict=True):
            shape[axis], strides[axis] = labels.shape[mine], labels.strides[mine]
        step = labels.strides[0]
        for axis, length in zip(self._frame_axes[::-1], lengths[::-1], strict=True):
            shape[axis], strides[axis] = length, step
            step *= length
        return np.lib.stride_tricks.as_strided(labels, shape, strides)

    def _drawn(self, frames: Sequence[int]) -> npt.NDArray[Any]:
        """Return label images as an array of their own, (n, H, W)."""
        whole = slice(None), slice(None)
        labels = np.empty((len(frames), *self._canvases.shape_hw), self.dtype)
        for plane, frame in zip(labels, frames, strict=True):
            plane[...] = self._canvases.part(frame, *whole)
        return labels

    def _cut_through(
        self, frames: Sequence[int], inner: tuple[int | slice, ...], axis: int
    ) -> npt.NDArray[Any]:
        """Return the same part of many frames, which lie along an axis.

        Its axes are those of the stack, in their order, that ``inner`` has slices for.
        While a window shows a cut, and frame after frame comes of a run, only these are
        drawn anew.
        """
        key = (*frames[:1], *frames[-1:], len(frames), repr(inner), axis)
        cut = self._cut[1]() if self._cut and self._cut[0] == key else None
        if cut is None:
            cut = self._empty_cut(len(frames), inner, axis)
            due = set(frames)
        else:
            due = self._outdated.intersection(frames)
        self._fill(cut, frames, inner, axis, due)
        self._cut, self._outdated = (key, weakref.ref(cut)), set()
        return cut

    def _empty_cut(
        self, count: int, inner: tuple[int | slice, ...], axis: int
    ) -> npt.NDArray[Any]:
        shape = list(self.shape)
        shape[axis] = count
        one = np.broadcast_to(np.zeros((), self.dtype), shape)[inner]
        return np.empty(one.shape, self.dtype)

    def _fill(
        self,
        cut: npt.NDArray[Any],
        frames: Sequence[int],
        inner: tuple[int | slice, ...],
        axis: int,
        due: set[int],
    ) -> None:
        """Draw a cut on the frames on which it is due."""
        # What is left to be indexed when a part was drawn: channels share their pixels,
        # and further axes have one.
        rest = [one if isinstance(one, slice) else 0 for one in inner]
        for one in self._plane:
            rest[one] = slice(None) if isinstance(inner[one], slice) else 0
        rest[axis] = 0
        rows, columns = (_as_slice(inner[one]) for one in self._plane)
        before = sum(isinstance(one, slice) for one in inner[:axis])
        for n, frame in enumerate(frames):
            if frame in due:
                part = self._canvases.part(frame, rows, columns)
                place = (slice(None),) * before + (n,)
                lengths = tuple(1 for _ in self._frame_axes)
                cut[place] = self._spread(part[None], lengths)[tuple(rest)]


def _as_slice(part: int | slice) -> slice:
    """Return a slice of one element for a number."""
    if isinstance(part, slice):
        return part
    return slice(part, part + 1 if part != -1 else None)
