"""How probable an object is at each pixel, in and around its mask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Of 256 levels these are kept: more tell nothing, and take room.
_STEP = 8
CERTAIN = 255


@dataclass(frozen=True, slots=True, eq=False)
class SoftMask:
    """Probabilities in a crop of a frame; 0 outside of it.

    Attributes
    ----------
    origin_yx : tuple of int
        Row and column of the crop's first pixel in the frame.
    levels : ndarray of uint8, shape (h, w)
        From 0, certainly not, to 255, certainly.
    """

    origin_yx: tuple[int, int]
    levels: npt.NDArray[np.uint8]

    def moved(self, offset_yx: tuple[int, int]) -> SoftMask:
        """Return it in a frame of which the present one is a part."""
        (y, x), (down, right) = self.origin_yx, offset_yx
        return replace(self, origin_yx=(y + down, x + right))

    def without(
        self, taken: npt.NDArray[np.bool_], origin_yx: tuple[int, int]
    ) -> SoftMask:
        """Return it with 0 where another object is.

        Parameters
        ----------
        taken : ndarray of bool, shape (h, w)
            A part of the crop.
        origin_yx : tuple of int
            Row and column of its first pixel in the frame.
        """
        y, x = origin_yx[0] - self.origin_yx[0], origin_yx[1] - self.origin_yx[1]
        levels = self.levels.copy()
        levels[y : y + taken.shape[0], x : x + taken.shape[1]][taken] = 0
        return replace(self, levels=levels)


def soft_mask(
    probability: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_],
    origin_yx: tuple[int, int],
) -> SoftMask:
    """Return probabilities that agree with a mask of the same crop.

    Parameters
    ----------
    probability : ndarray of float32, shape (h, w)
        From 0 to 1.
    mask : ndarray of bool, shape (h, w)
        Where specks were removed from it, it is certainly not; where another object
        is, less probable than not; where holes were filled, more.
    origin_yx : tuple of int
        Of the crop in the frame.
    """
    levels = (probability * CERTAIN).astype(np.uint8) // _STEP * _STEP
    half = CERTAIN // 2 + 1
    levels[mask] = np.maximum(levels[mask], half)
    levels[~mask & (levels >= half)] = 0
    return SoftMask(origin_yx, levels)
