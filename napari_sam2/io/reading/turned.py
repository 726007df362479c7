"""Volumes of one space whose arrays run other ways, such as from right to left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.lazy_array import LazyArray, close_array

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from napari_sam2.core.frames.source import ArrayLike
    from napari_sam2.io.reading.opened import Affine
    from napari_sam2.io.reading.stack import Stack

_SPACE = "xyz"
# In voxels, at the corners: what programs that keep affines as they like differ by.
_MOST_APART = 0.25


class FlippedArray(LazyArray):
    """A lazily read array that is counted from the other end along some axes.

    Parameters
    ----------
    array : array-like
    flipped : collection of int
        These axes.
    """

    def __init__(self, array: ArrayLike, flipped: Collection[int]) -> None:
        self.shape = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self._array, self._flipped = array, frozenset(flipped)

    def close(self) -> None:
        """Release the file, where there is one."""
        close_array(self._array)

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read what integers and slices pick."""
        keys = self.one_key_per_axis(key)
        stored = tuple(self._stored(axis, one) for axis, one in enumerate(keys))
        turned = (
            slice(None, None, -1 if axis in self._flipped and _rises(one) else 1)
            for axis, one in enumerate(keys)
            if isinstance(one, slice)
        )
        return np.asarray(self._array[stored])[tuple(turned)]

    def _stored(self, axis: int, key: int | slice) -> int | slice:
        """Return what is read along an axis, from its beginning to its end."""
        if axis not in self._flipped:
            return key
        last = self.shape[axis] - 1
        picked = range(last + 1)[key]
        if isinstance(picked, int):
            return last - picked
        if not picked:
            return slice(0, 0)
        ends = sorted((last - picked[0], last - picked[-1]))
        return slice(ends[0], ends[1] + 1, abs(picked.step))


def _rises(key: slice) -> bool:
    return key.step is None or key.step > 0


def turned_like(stack: Stack, image: Stack) -> Stack:
    """Return a volume as it would be if its array ran as that of an image does.

    Parameters
    ----------
    stack, image : Stack
        Where one of them does not say where it lies, or says no more than that voxels
        are millimetres, as programs do that do not know, it stays as it is.

    Raises
    ------
    StackError
        If both say where they lie, and their voxels are not the same ones.
    """
    if stack.affine is None or image.affine is None:
        return stack
    if (0, 0) in (stack.space_codes, image.space_codes):  # they name no space
        return stack
    places = {axis.name: i for i, axis in enumerate(stack.axes) if axis.name in _SPACE}
    sizes = {axis.name: axis.size for axis in image.axes}
    if set(places) != set(_SPACE) or not set(_SPACE) <= sizes.keys():
        return stack
    try:
        steps = np.linalg.solve(_square(image.affine), _square(stack.affine))
    except np.linalg.LinAlgError:  # flat: it says where no voxel lies
        return stack
    turns = np.round(steps[:3, :3])
    shape = [stack.axes[places[name]].size for name in _SPACE]
    is_same = _is_turn(turns) and _is_same_grid(
        steps, turns, shape, [sizes[name] for name in _SPACE]
    )
    if not is_same:
        return _as_it_is(stack, image)
    turned = _turned(stack, turns, [places[name] for name in _SPACE])
    return replace(turned, affine=image.affine)


def _turned(stack: Stack, turns: npt.NDArray[Any], places: list[int]) -> Stack:
    """Rename the axes of a volume, and flip those that run the other way.

    Parameters
    ----------
    turns : ndarray, shape (3, 3)
        Whither x, y and z of the volume go, its columns.
    places : list of int
        Where x, y and z are among its axes.
    """
    axes, flipped = list(stack.axes), set()
    for index, column in zip(places, turns.T, strict=True):
        row = int(np.abs(column).argmax())
        axes[index] = replace(axes[index], name=_SPACE[row])
        if column[row] < 0:
            flipped.add(index)
    array = FlippedArray(stack.array, flipped) if flipped else stack.array
    return replace(stack, array=array, axes=tuple(axes))


def _square(affine: Affine) -> npt.NDArray[Any]:
    return np.array([*affine, (0.0, 0.0, 0.0, 1.0)])


def _as_it_is(stack: Stack, image: Stack) -> Stack:
    """Return a volume that is not the image's, if one header says no more than sizes.

    Raises
    ------
    StackError
        If both say where they lie.
    """
    if _says_sizes_alone(stack) or _says_sizes_alone(image):
        return stack
    raise StackError(
        f"{stack.path} lies elsewhere in space than {image.path}: their voxels are not "
        "the same ones, by what their headers say. Bring it to the grid of the image "
        "first, with nearest neighbours, as programs for registration do; or correct "
        "the header that is wrong."
    )


def _says_sizes_alone(stack: Stack) -> bool:
    """Whether a header says no more than how large voxels are.

    So programs write it that were given an array and nothing else: ITK counts two of
    the axes from the other side then, and means nothing by it.
    """
    matrix = np.array(stack.affine)
    sizes = np.diag(matrix[:, :3])
    return not matrix[:, 3].any() and np.array_equal(matrix[:, :3], np.diag(sizes))


def _is_turn(turns: npt.NDArray[Any]) -> bool:
    """Whether each axis becomes one axis, from either side."""
    ones = np.abs(turns)
    return bool((ones.sum(0) == 1).all() and (ones.sum(1) == 1).all())


def _is_same_grid(
    steps: npt.NDArray[Any],
    turns: npt.NDArray[Any],
    shape: list[int],
    image_shape: list[int],
) -> bool:
    """Whether corners of a volume are corners of the image, nearly."""
    if list(np.abs(turns) @ shape) != image_shape:
        return False
    last = np.array(shape) - 1
    corners = np.stack(np.meshgrid(*([0, end] for end in last)), -1).reshape(-1, 3)
    found = corners @ steps[:3, :3].T + steps[:3, 3]
    starts = np.where(turns.sum(1) < 0, np.array(image_shape) - 1, 0)
    wanted = corners @ turns.T + starts
    return bool((np.abs(found - wanted) <= _MOST_APART).all())
