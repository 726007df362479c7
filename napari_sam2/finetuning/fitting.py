"""Clips that fit into a processor's memory, which cannot be asked whether they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.finetuning.lessons import Size
    from napari_sam2.model.config import Sam2Config

MOST_BYTES = 4 << 30
"""Of one clip, kept for the way back."""

_FLOAT = 4
_ALIKE = 12  # tensors as wide as the model that a layer of attention keeps
_KEYS = 3  # of memories: themselves, turned, and their values


def fit(size: Size, config: Sam2Config, most_bytes: int = MOST_BYTES) -> Size:
    """Return a size, halved until a clip fits.

    A GPU says when memory does not suffice, and a smaller clip is tried. A processor
    swaps until the system ends the program, so that it must be known before. The same
    on every machine, so that a seed gives the same adapter.

    Parameters
    ----------
    size : Size
        What is wanted.
    config : Sam2Config
        At the image size that is used.
    most_bytes : int
    """
    while clip_bytes(size, config) > most_bytes and not size.is_smallest:
        size = size.halved
    return size


def clip_bytes(size: Size, config: Sam2Config) -> int:
    """Estimate what the attention to memories keeps of a clip for the way back.

    Nearly all of it, when frames are large: each object's tokens on each tracked frame,
    and those of the memories that they look at.
    """
    looked_at = min(config.memory_count, size.frames - 1)
    width = (_ALIKE + _KEYS * looked_at) * config.hidden_dim + 2 * config.memory_ffn
    per_token = _FLOAT * config.memory_layers * width
    return size.objects * (size.frames - 1) * config.grid**2 * per_token
