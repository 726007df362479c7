"""A decoded picture as it is meant to be seen: turned as the camera was held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def upright(pixels: npt.NDArray[Any], decoded: Any) -> npt.NDArray[Any]:
    """Turn and mirror pixels as the display matrix of a frame says.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        As they are stored.
    decoded : av.VideoFrame
        The frame that they come from.

    Returns
    -------
    ndarray
        Rows and columns swapped where the camera was held upright.
    """
    matrix = decoded.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return pixels
    return turned(pixels, np.frombuffer(bytes(matrix), np.int32))


def turned(pixels: npt.NDArray[Any], matrix: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """Apply a display matrix, to the nearest quarter of a turn.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
    matrix : ndarray of int32, shape (9,)
        Rows (a, b, u), (c, d, v), (x, y, w): what is at (x, y) is shown at
        (a x + c y, b x + d y), with y downwards.
    """
    a, b, _, c, d, *_ = (int(number) for number in matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        towards_x, towards_y = a, d
    else:
        pixels, towards_x, towards_y = pixels.swapaxes(0, 1), c, b
    if towards_x < 0:
        pixels = pixels[:, ::-1]
    if towards_y < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
