"""PNG pictures of more than one sample in 16 bits, of which Pillow keeps 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH, _KIND = 24, 25  # where they stand in the header
_COLOUR, _GREY_WITH_ALPHA, _COLOUR_WITH_ALPHA = 2, 4, 6


def read_deep_png(path: Path) -> npt.NDArray[np.uint16] | None:
    """Read a picture with all its bits; None if Pillow keeps them as well.

    Parameters
    ----------
    path : Path
        A picture of any kind, of a size that is known to be no bomb.

    Returns
    -------
    ndarray of uint16, shape (H, W) or (H, W, C)
        Without the alpha channel of a grey one.
    """
    with path.open("rb") as file:
        start = file.read(_KIND + 1)
    if len(start) <= _KIND or not start.startswith(_SIGNATURE) or start[_DEPTH] != 16:
        return None
    if start[_KIND] not in (_COLOUR, _GREY_WITH_ALPHA, _COLOUR_WITH_ALPHA):
        return None
    import imagecodecs

    pixels: npt.NDArray[np.uint16] = imagecodecs.png_decode(path.read_bytes())
    return pixels[..., 0] if start[_KIND] == _GREY_WITH_ALPHA else pixels
