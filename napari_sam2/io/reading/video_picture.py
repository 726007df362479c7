"""A decoded picture as it is meant to be seen: turned as the camera was held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


_AS_IT_IS = np.array([1, 0, 0, 0, 1, 0, 0, 0, 1], np.int32)


def display_matrix(decoded: Any) -> npt.NDArray[np.int32]:
    """Return how a frame is meant to be turned, as :func:`turned` takes it.

    Ask one frame of a film only: PyAV keeps each one that was asked, with the threads
    of its decoder, until Python next looks for cycles.
    """
    matrix = decoded.side_data.get("DISPLAYMATRIX")
    return _AS_IT_IS if matrix is None else np.frombuffer(bytes(matrix), np.int32)


def turned(pixels: npt.NDArray[Any], matrix: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """Apply a display matrix, to the nearest quarter of a turn.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
    matrix : ndarray of int32, shape (9,)
        Rows (a, b, u), (c, d, v), (x, y, w): what is at (x, y) is shown at
        (a x + c y, b x + d y), with y downwards.

    Returns
    -------
    ndarray
        Rows and columns are swapped where the camera was held upright.
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
