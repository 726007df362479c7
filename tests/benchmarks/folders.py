"""Folders of generated pictures, as both sides of a comparison read them."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from PIL import Image

from napari_sam2.benchmarking.footage import PICTURE_COUNT, picture

if TYPE_CHECKING:
    from pathlib import Path


def write_folder(folder: Path, count: int, size: int) -> None:
    """Write ``count`` JPEG frames, of which few are distinct, to spare the disk."""
    folder.mkdir(parents=True)
    for t in range(count):
        path = folder / f"{t:05d}.jpg"
        if t < PICTURE_COUNT:
            Image.fromarray(picture(t, size)).save(path, quality=95)
        else:
            _link(folder / f"{t % PICTURE_COUNT:05d}.jpg", path)


def _link(original: Path, path: Path) -> None:
    try:
        os.link(original, path)
    except OSError:  # a file system without hard links
        shutil.copyfile(original, path)
