"""How a photograph is meant to be turned, as its camera noted in it."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.io.reading.video_picture import turned

if TYPE_CHECKING:
    import numpy.typing as npt

_ORIENTATION = 0x0112
# Where a step to the right, and one down, lead: (x, y) of each, y downwards.
_STEPS = {
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def upright(pixels: npt.NDArray[Any], picture: Any) -> npt.NDArray[Any]:
    """Turn pixels as the camera was held; as they are where nothing is noted.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, C)
        As they are stored.
    picture : PIL.Image.Image
        What they were read from.

    Returns
    -------
    ndarray
        Rows and columns are swapped where the camera was held on its side.
    """
    steps = _STEPS.get(_orientation(picture))
    if steps is None:
        return pixels
    a, b, c, d = steps
    return turned(pixels, np.array([a, b, 0, c, d, 0, 0, 0, 1], np.int32))


def _orientation(picture: Any) -> int:
    """Return the number that is noted; 0 where it cannot be made out."""
    # a note that is damaged does not keep the picture from being seen
    with suppress(SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return int(picture.getexif().get(_ORIENTATION, 0))
    return 0
