"""DAVIS: pictures in ``JPEGImages/480p/NAME``, masks in ``Annotations/480p/NAME``.

Masks are indexed PNG pictures, an index per object, or black and white ones. Objects
start on the first frame that shows them, and the last frame does not count, as in the
toolkit's semi-supervised evaluation. Frames without a mask file are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.evaluation.layouts.source import Source
from napari_sam2.evaluation.truth import Rules, Truth
from napari_sam2.io.reading.picture_files import natural_key, picture_files
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import numpy.typing as npt

_RESOLUTIONS = ("480p", "Full-Resolution", "1080p")
_WHITE = 255
RULES = Rules(visible_share=0.0, fewest_pixels=1, counts_last=False)


def find_davis(folder: Path) -> list[Source]:
    """Return the sequences of a folder in DAVIS' layout that have masks."""
    for resolution in _RESOLUTIONS:
        pictures = folder / "JPEGImages" / resolution
        masks = folder / "Annotations" / resolution
        if pictures.is_dir() and masks.is_dir():
            names = sorted(path.name for path in masks.iterdir() if path.is_dir())
            return [
                Source(name, partial(open_davis, pictures / name, masks / name))
                for name in sorted(names, key=natural_key)
            ]
    return []


def open_davis(pictures: Path, masks: Path) -> Truth:
    """Open a sequence: a folder of pictures and one of masks of the same names.

    Raises
    ------
    StackError
        If there are no pictures, or no mask belongs to one.
    """
    if not pictures.is_dir():
        raise StackError(f"{masks} has masks, but there is no folder {pictures}.")
    frames = stack_frames(open_stack(pictures))
    stems = {path.stem: index for index, path in enumerate(picture_files(pictures))}
    files = {stems[p.stem]: p for p in picture_files(masks) if p.stem in stems}
    if not files:
        raise StackError(
            f"No mask in {masks} is named like a picture in {pictures}: 00000.png "
            "belongs to 00000.jpg."
        )
    return Truth(
        name=pictures.name,
        kind="video",
        frames=frames,
        labels=IndexedMasks(files, frames.shape_hw),
        known=frozenset(files),
        rules=RULES,
    )


@dataclass(slots=True, eq=False)
class IndexedMasks:
    """Masks as indexed or black and white pictures.

    White, 255, is the object where no picture of the sequence shows another one;
    elsewhere it marks what belongs to no object, and is read as 0.

    Attributes
    ----------
    files : mapping of int to Path
        By frame.
    shape_hw : tuple of int
        Height and width that all must have.
    """

    files: Mapping[int, Path]
    shape_hw: tuple[int, int]
    _white: int | None = field(default=None, init=False)

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read the labels of a frame, (H, W)."""
        path = self.files[frame]
        labels = read_indexed(path)
        if labels.shape != self.shape_hw:
            raise FrameError(
                f"The mask {path} is {labels.shape[0]} × {labels.shape[1]} pixels, but "
                f"its frame is {self.shape_hw[0]} × {self.shape_hw[1]}."
            )
        is_white = labels == _WHITE
        if is_white.any():
            labels[is_white] = self._label_of_white()
        return labels

    def unclear(self, frame: int) -> Collection[int]:
        """Return nothing: every object of a frame is drawn."""
        return ()

    def _label_of_white(self) -> int:
        """Return what white means, for which all pictures may have to be read once."""
        if self._white is None:
            has_indices = any(map(_has_indices, self.files.values()))
            self._white = 0 if has_indices else 1
        return self._white


def read_indexed(path: Path) -> npt.NDArray[np.uint8]:
    """Read the indices of a picture; white of black and white ones is 255.

    Raises
    ------
    FrameError
        If it is no picture, or in colour.
    """
    from PIL import Image

    with decoding(FrameError, f"The mask {path} could not be read"):
        with Image.open(path) as picture:
            mode, labels = picture.mode, np.array(picture)
        if mode not in ("1", "L", "P"):
            raise FrameError(
                f"The mask {path} is in colour: masks are indexed pictures, with 0 for "
                "the background and an index for each object."
            )
    return labels.astype(np.uint8) * np.uint8(_WHITE if mode == "1" else 1)


def _has_indices(path: Path) -> bool:
    labels = read_indexed(path)
    return bool(((labels > 0) & (labels < _WHITE)).any())
