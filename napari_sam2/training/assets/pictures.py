"""Files with alpha channels to cut-outs of one size; photographs likewise."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.training.assets.sources import PHOTOGRAPHS
from napari_sam2.training.assets.store import POSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

CUTOUT, PHOTOGRAPH = 128, 320  # sides in pixels
_RIM = 2  # transparent pixels around every cut-out
_LEAST_COVER = 0.25  # of its bounding box: less are drawings of lines
_LEAST_SOLID = 0.8  # of what is visible: less are clouds and shadows
_LEAST_WHOLE = 0.9  # in one piece: others are several objects
_MOST_PIXELS = 4_000_000
_MOST_COVER = 0.95  # more are cards and signs
_ALIKE = 0.03  # mean difference, of 1, below which two pictures show the same
_NO_THING = re.compile(  # emoji again in other skin tones, keycaps, flags, signs
    "-1f3f[b-f]|-20e3|^00|^20|^21|^27[3-9ab]|^3|^1f[12][0-9a-f]{2}"
)
_ARTICULATED = 0.88  # overlap of two outlines, less than which they are poses
_STEP = 8  # colours are kept in so coarse steps, which halves the file


def cutouts(paths: Iterable[Path]) -> Iterator[Bytes]:
    """Yield the objects of files, each (128, 128, 4); leave out what is no object."""
    for path in paths:
        if _NO_THING.search(path.name):
            continue
        picture = _read(path)
        if picture is not None and is_object(picture[..., 3]):
            yield _fitted(picture, _box(picture[..., 3]))


def animations(paths: Iterable[Path]) -> Iterator[list[Bytes]]:
    """Yield the poses of things that move their parts, each (128, 128, 4).

    They are from the first half of what is mostly there and back again.
    """
    from PIL import Image

    for path in paths:
        if _NO_THING.search(path.name):
            continue
        poses = []
        with Image.open(path) as file:
            count = getattr(file, "n_frames", 1)
            for pose in range(POSES):
                file.seek(count // 2 * pose // POSES)
                poses.append(np.asarray(file.convert("RGBA")))
        alphas = [pose[..., 3] for pose in poses]
        if _articulated(alphas) and all(is_object(alpha) for alpha in alphas):
            box = _box(np.max(alphas, axis=0))
            yield [_fitted(pose, box) for pose in poses]


def _articulated(alphas: Sequence[Bytes]) -> bool:
    """Whether the outline changes from pose to pose, but stays that of one thing."""
    masks = [alpha > 128 for alpha in alphas]
    overlaps = [
        (masks[0] & mask).sum() / max(1, (masks[0] | mask).sum()) for mask in masks[1:]
    ]
    return bool(0.3 < min(overlaps) < _ARTICULATED)


def different(pictures: Sequence[Bytes]) -> list[Bytes]:
    """Leave out cut-outs (128, 128, 4) that look like an earlier one."""
    if not pictures:
        return []
    small = np.stack([_coarse(picture).ravel() for picture in pictures])
    kept: list[int] = []
    for index, looks in enumerate(small):
        earlier = small[: len(kept)]
        if not kept or np.abs(earlier - looks).mean(axis=1).min() > _ALIKE:
            small[len(kept)] = looks
            kept.append(index)
    return [pictures[index] for index in kept]


def _coarse(picture: Bytes) -> npt.NDArray[np.float32]:
    """Return colour times alpha, and alpha, of 8 by 8 squares, from 0 to 1."""
    share = picture.astype(np.float32) / 255
    share[..., :3] *= share[..., 3:]
    side = CUTOUT // 8
    return np.asarray(share.reshape(8, side, 8, side, 4).mean(axis=(1, 3)))


def photographs(paths: Iterable[Path]) -> Iterator[Bytes]:
    """Yield two views of every picture in files, each (320, 320, 3).

    One shows as much as there is, from its left; the other half as much, from its
    right.
    """
    from PIL import Image

    for path in paths:
        with Image.open(path) as file:
            file.draft("RGB", (4 * PHOTOGRAPH, 4 * PHOTOGRAPH))
            picture = file.convert("RGB")
        width, height = picture.size
        side = min(width, height)
        near = side // 2
        top = (height - near) // 2
        for box in (
            (0, 0, side, side),
            (width - near - near // 4, top, width - near // 4, top + near),
        ):
            view = picture.resize((PHOTOGRAPH, PHOTOGRAPH), box=box, reducing_gap=3)
            yield _in_steps(np.asarray(view))


def scikit_image_photographs() -> Iterator[Bytes]:
    """Yield the photographs of the installed scikit-image, each (320, 320, 3)."""
    from PIL import Image
    from skimage import data

    for name in PHOTOGRAPHS:
        picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        side = min(picture.size)
        left, top = ((length - side) // 2 for length in picture.size)
        box = (left, top, left + side, top + side)
        yield _in_steps(np.asarray(picture.resize((PHOTOGRAPH, PHOTOGRAPH), box=box)))


def _in_steps(picture: Bytes) -> Bytes:
    return picture // _STEP * _STEP + _STEP // 2


def is_object(alpha: Bytes) -> bool:
    """Whether an alpha channel (H, W) outlines one solid thing."""
    from scipy import ndimage

    visible = alpha > 20
    area = int(visible.sum())
    if area < 400:
        return False
    box = alpha[_box(alpha)].size
    if not _LEAST_COVER * box <= area <= _MOST_COVER * box:
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


def _box(alpha: Bytes) -> tuple[slice, slice]:
    """Return the rows and columns of what is visible."""
    visible = alpha > 20
    rows, columns = (np.flatnonzero(visible.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _fitted(picture: Bytes, box: tuple[slice, slice]) -> Bytes:
    """Cut a picture (H, W, 4) to a box and fit it into a square."""
    from PIL import Image

    cut = Image.fromarray(picture[box])
    room = CUTOUT - 2 * _RIM
    scale = room / max(cut.size)
    width, height = (max(1, round(scale * length)) for length in cut.size)
    small = np.array(cut.resize((width, height), Image.Resampling.LANCZOS))
    small[..., :3] = _in_steps(small[..., :3])
    small[small[..., 3] == 0] = 0
    square = np.zeros((CUTOUT, CUTOUT, 4), np.uint8)
    top, left = (CUTOUT - height) // 2, (CUTOUT - width) // 2
    square[top : top + height, left : left + width] = small
    return square
