"""What tells the pixels of a stack from others, cheap at any length."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_sam2.core.frames.source import FrameSource


def pixel_digest(frames: FrameSource) -> str:
    """Return the SHA-256 of three frames of a stack, hexadecimal.

    Raises
    ------
    FrameError
        If a frame cannot be read.
    """
    digest = hashlib.sha256()
    for frame in sorted({0, len(frames) // 2, len(frames) - 1}):
        pixels = np.ascontiguousarray(frames[frame])
        little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{frame} {pixels.shape} {pixels.dtype.name} ".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
