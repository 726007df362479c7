"""Labels in pictures with a palette: indices, or the brighter one of two greys.

Programs that save a black and white mask with a palette order its two colours as they
like, white often first: its indices would be the mask inside out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

_LEVELS = 256
_WHITISH = 128  # from here on, where there is nothing else to compare with


def read_indexed(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """Return object numbers, (H, W), of a picture with a palette.

    Parameters
    ----------
    picture : Image
        Of mode P. A palette of two greys is a mask, 1 where it is brighter; one of more
        greys that does not begin with the darkest is taken as brightness. Of all others
        the indices count, as DAVIS has them.
    """
    indices: npt.NDArray[np.uint8] = np.asarray(picture)
    greys = _greys(picture.getpalette())
    if greys is None:
        return indices
    if len(np.unique(greys)) <= 2:
        greys = (greys >= _brighter(greys)).astype(np.uint8)
    elif greys[0] == greys.min():
        return indices
    values = np.zeros(_LEVELS, np.uint8)  # what is beyond the palette is black
    values[: len(greys)] = greys
    return values[indices]


def _greys(palette: list[int] | None) -> npt.NDArray[np.uint8] | None:
    """Return the brightness of each entry; None where there are colours, or none."""
    colours: npt.NDArray[Any] = np.array(palette or [], np.uint8).reshape(-1, 3)
    is_grey = len(colours) > 0 and (colours == colours[:, :1]).all()
    return colours[:, 0] if is_grey else None


def _brighter(greys: npt.NDArray[np.uint8]) -> int:
    """Return from which brightness on it is an object, of two greys or a single one."""
    darkest, brightest = int(greys.min()), int(greys.max())
    return _WHITISH if darkest == brightest else brightest
