"""Synthetic footage for timing: what the frames show does not change the work."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_DISTINCT_PICTURES = 32

CLICKS_XY = (
    (0.30, 0.40), (0.70, 0.62), (0.20, 0.80), (0.55, 0.25),
    (0.80, 0.15), (0.45, 0.70), (0.10, 0.15), (0.85, 0.85),
    (0.35, 0.12), (0.60, 0.85), (0.90, 0.40), (0.10, 0.58),
    (0.52, 0.50), (0.30, 0.92), (0.72, 0.36), (0.12, 0.36),
)  # fmt: skip
"""Where objects are clicked, as fractions of the image."""


@dataclass(frozen=True)
class Footage:
    """The same frames as both sides want them.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (T, S, S, 3)
        What our tracker reads.
    tensor : Tensor of float32, shape (T, 3, S, S)
        The same, normalised, which the reference wants to have whole.
    """

    pixels: npt.NDArray[np.uint8]
    tensor: torch.Tensor


@lru_cache(maxsize=1)
def footage(count: int, size: int) -> Footage:
    """Return ``count`` frames of moving discs on a textured background."""
    pixels = np.stack([picture(t, size) for t in range(count)])
    return Footage(pixels, normalised(pixels))


def picture(t: int, size: int) -> npt.NDArray[np.uint8]:
    """Draw frame ``t``, (S, S, 3); the motion repeats itself without a jump."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    base = 0.4 + 0.1 * np.sin(9 * x + 5 * y) + 0.05 * np.cos(31 * x * y)
    image = np.stack([base, 0.9 * base, 1.1 * base], axis=-1)
    phase = 2 * np.pi * t / _DISTINCT_PICTURES
    for index, (cx, cy) in enumerate(CLICKS_XY):
        centre_x = cx + 0.02 * np.cos(phase + index)
        centre_y = cy + 0.02 * np.sin(phase + index)
        inside = np.hypot(x - centre_x, y - centre_y) < 0.07
        image[inside] = (0.9, 0.1 * index, 0.8 - 0.1 * index)
    return (image.clip(0, 1) * 255).astype(np.uint8)


def normalised(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Scale (T, S, S, 3) bytes as the network wants them, (T, 3, S, S)."""
    unit = pixels.astype(np.float32) / 255
    return torch.from_numpy(((unit - _MEAN) / _STD).transpose(0, 3, 1, 2).copy())


def write_folder(folder: Path, count: int, size: int) -> None:
    """Write ``count`` JPEG frames, of which few are distinct, to spare the disk."""
    folder.mkdir(parents=True)
    for t in range(count):
        path = folder / f"{t:05d}.jpg"
        if t < _DISTINCT_PICTURES:
            Image.fromarray(picture(t, size)).save(path, quality=95)
        else:
            _link(folder / f"{t % _DISTINCT_PICTURES:05d}.jpg", path)


def _link(original: Path, path: Path) -> None:
    try:
        os.link(original, path)
    except OSError:  # a file system without hard links
        shutil.copyfile(original, path)
