"""What tells what was said about objects from anything else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_sam2.control.telling.snapshot import Refinement
from napari_sam2.core.masks.packed import PackedMask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.control.telling.snapshot import Said
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.masks import Place


def said_digest(said: Mapping[Place, Said]) -> str:
    """Return the SHA-256 of prompts and paintings with their places, hexadecimal."""
    digest = hashlib.sha256()
    for place in sorted(said):
        digest.update(repr((*map(int, place), _parts(said[place]))).encode())
    return digest.hexdigest()


def _parts(one: Said) -> tuple[object, ...]:
    if isinstance(one, PackedMask):
        return (one.digest,)
    if isinstance(one, Refinement):
        return one.painted.digest, *_outlines(one.prompts)
    return _outlines(one)


def _outlines(prompts: FramePrompts) -> tuple[object, ...]:
    points = [(float(y), float(x)) for y, x in prompts.points_yx]
    box = prompts.box_yxyx and tuple(map(float, prompts.box_yxyx))
    return points, list(map(bool, prompts.positive)), box
