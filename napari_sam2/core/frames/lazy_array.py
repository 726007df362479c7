"""What arrays that are read when they are asked have in common with NumPy's."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_WHOLE = slice(None)


class LazyArray(ABC):
    """An array whose parts are read: by integers, slices, and ``...``.

    Attributes
    ----------
    shape : tuple of int
        Length of every axis.
    dtype : dtype
        Type of the elements.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Memory that all of it would take."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        """Length of the first axis."""
        return self.shape[0]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Read all of it."""
        if copy is False:
            raise ValueError("it is read when it is asked for: that is a copy")
        return np.asarray(self[...], dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return this array: nothing can be written to it, and open files have no copy.

        napari copies the pixels of a layer so when it is duplicated.
        """
        return self

    @abstractmethod
    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read a part."""

    def one_key_per_axis(self, key: Any) -> tuple[int | slice, ...]:
        """Return an integer or a slice for every axis.

        Raises
        ------
        IndexError
            If the key is of another kind, or there are too many.
        """
        keys = key if isinstance(key, tuple) else (key,)
        at = next((i for i, one in enumerate(keys) if one is Ellipsis), None)
        if at is not None:
            left = self.ndim - (len(keys) - 1)
            keys = (*keys[:at], *(_WHOLE,) * left, *keys[at + 1 :])
        if len(keys) > self.ndim:
            raise IndexError(f"{len(keys)} indices for {self.ndim} axes")
        if not all(isinstance(one, Integral | slice) for one in keys):
            raise IndexError(
                "parts that are read are picked by integers and slices: for other ways "
                "take numpy.asarray of the array, which reads all of it"
            )
        return keys + (_WHOLE,) * (self.ndim - len(keys))


def close_array(array: object) -> None:
    """Release the file of an array, where there is one."""
    close = getattr(array, "close", None)
    if close is not None:
        close()
