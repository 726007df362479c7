"""Masks that nobody can change, so that many may have the same one.

An array that is only set read-only can be made writable again by who has it; one that
sees its pixels through a read-only view of memory cannot. Pixels that are ``bytes``
would say the same more plainly, but are a copy, and that takes the memory of the whole
frame, where a new mask takes that of the object: thousands are read from label images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def freeze(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a new mask as one that nobody can change; it is not copied.

    Parameters
    ----------
    mask : ndarray of bool, contiguous
        Which nobody else has.
    """
    return np.asarray(mask.data.toreadonly())


def is_frozen(mask: npt.NDArray[np.bool_]) -> bool:
    """Whether a mask is such as :func:`freeze` returns."""
    pixels: object = mask.base
    return isinstance(pixels, memoryview) and pixels.readonly
