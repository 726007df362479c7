"""What it takes to encode an image, estimated from the sizes of a network alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.model.config import PATCH_STRIDE

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config


def encoder_flops(config: Sam2Config) -> float:
    """Estimate the floating-point operations of the image encoder.

    Two for a multiplication with its addition; of the trunk's blocks only, which are
    nine tenths of it or more.
    """
    grid, total, first = config.image_size // PATCH_STRIDE, 0.0, 0
    stages = zip(config.stages, config.stage_dims, config.windows, strict=True)
    for depth, dim, window in stages:
        windowed = (-(-grid // window) * window) ** 2  # with padding
        for block in range(first, first + depth):
            is_global = block in config.global_blocks
            tokens, seen = (grid**2,) * 2 if is_global else (windowed, window**2)
            total += 2 * tokens * dim * (4 * dim + 2 * seen)  # attention
            total += 2 * grid**2 * dim * 8 * dim  # feed-forward
        grid, first = grid // 2, first + depth
    return total
