"""Files with alpha channels to cut-outs of one size; photographs likewise."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.training.assets.sources import PHOTOGRAPHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

CUTOUT, PHOTOGRAPH = 128, 320  # sides in pixels
_RIM = 2  # transparent pixels around every cut-out
_LEAST_COVER = 0.25  # of its bounding box: less are drawings of lines
_LEAST_SOLID = 0.8  # of what is visible: less are clouds and shadows
_LEAST_WHOLE = 0.9  # in one piece: others are several objects
_MOST_PIXELS = 4_000_000
_SKIN_TONE = re.compile("-1f3f[b-f]")  # the same emoji again


def cutouts(paths: Iterable[Path]) -> Iterator[Bytes]:
    """Yield the objects of files, each (128, 128, 4); leave out what is no object."""
    for path in paths:
        if _SKIN_TONE.search(path.name):
            continue
        picture = _read(path)
        if picture is not None and is_object(picture[..., 3]):
            yield _fitted(picture)


def photographs() -> Bytes:
    """Return the photographs of the installed scikit-image, (N, 320, 320, 3)."""
    from skimage import data
    from skimage.transform import resize

    found = []
    for name in PHOTOGRAPHS:
        picture = np.atleast_3d(getattr(data, name)())[..., :3]
        picture = np.broadcast_to(picture, (*picture.shape[:2], 3))
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = picture[top : top + side, left : left + side]
        small = resize(square, (PHOTOGRAPH, PHOTOGRAPH), anti_aliasing=True)
        found.append((255 * small).round().astype(np.uint8))
    return np.stack(found)


def is_object(alpha: Bytes) -> bool:
    """Whether an alpha channel (H, W) outlines one solid thing."""
    from scipy import ndimage

    visible = alpha > 20
    area = int(visible.sum())
    if area < 400:
        return False
    rows, columns = (np.flatnonzero(visible.any(axis=axis)) for axis in (1, 0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    if box == area or area < _LEAST_COVER * box:  # a card, or lines
        return False
    if (alpha > 200).sum() < _LEAST_SOLID * area:
        return False
    pieces, _ = ndimage.label(visible)
    return bool(np.bincount(pieces[pieces > 0]).max() >= _LEAST_WHOLE * area)


def _read(path: Path) -> Bytes | None:
    """Return a picture as (H, W, 4), at most 512 pixels wide; None for useless ones.

    Those are broken, or posters of so many pixels that they cost more than they teach.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            file = Image.open(path)
        with file:
            if file.width * file.height > _MOST_PIXELS:
                return None
            picture = file.convert("RGBA")
    except (Image.DecompressionBombError, UnidentifiedImageError, OSError, ValueError):
        return None
    picture.thumbnail((512, 512))
    return np.asarray(picture)


def _fitted(picture: Bytes) -> Bytes:
    """Cut a picture (H, W, 4) to what is visible and fit it into a square."""
    from PIL import Image

    visible = picture[..., 3] > 20
    rows, columns = (np.flatnonzero(visible.any(axis=axis)) for axis in (1, 0))
    cut = Image.fromarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    room = CUTOUT - 2 * _RIM
    scale = room / max(cut.size)
    width, height = (max(1, round(scale * length)) for length in cut.size)
    small = np.asarray(cut.resize((width, height), Image.Resampling.LANCZOS))
    square = np.zeros((CUTOUT, CUTOUT, 4), np.uint8)
    top, left = (CUTOUT - height) // 2, (CUTOUT - width) // 2
    square[top : top + height, left : left + width] = small
    return square
