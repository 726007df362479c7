"""Masks that nobody can change, so that many may have the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class _Pixels(np.ndarray[Any, np.dtype[np.bool_]]):
    """Those beneath frozen masks; nothing but these is of this class."""


def freeze(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a new mask as one that nobody can change; it is not copied.

    An array that is only set read-only can be made writable again by who has it.

    Parameters
    ----------
    mask : ndarray of bool, contiguous
        Which nobody else has.
    """
    return np.asarray(mask.view(_Pixels).data.toreadonly())


def is_frozen(mask: npt.NDArray[np.bool_]) -> bool:
    """Whether a mask is what :func:`freeze` returned."""
    return isinstance(getattr(mask.base, "obj", None), _Pixels)
