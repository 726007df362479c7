"""Frames as they are stored to the normalised squares that the model sees."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_sam2.engine.device import upload
from napari_sam2.model.resize import resize_smoothly

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def to_unit(
    pixels: npt.NDArray[Any], limits: IntensityLimits
) -> npt.NDArray[np.float32] | npt.NDArray[np.uint8]:
    """Bring intensities to 0 … 1, or leave 8-bit pictures that need no stretching.

    This is the part that a reading thread may do.
    """
    if pixels.dtype == np.uint8 and limits.low == (0.0,) and limits.high == (255.0,):
        return np.require(pixels, requirements=["C", "W"])  # as torch wants it
    return limits.to_unit(pixels)


def to_model(
    unit: npt.NDArray[np.float32] | npt.NDArray[np.uint8],
    image_size: int,
    device: torch.device,
) -> torch.Tensor:
    """Upload, resize and normalise one frame.

    Parameters
    ----------
    unit : ndarray, shape (H, W) or (H, W, 3)
        From :func:`to_unit`: float32 in 0 … 1, or uint8.
    image_size : int
        Side of the model's square, in pixels; the aspect ratio is not kept.
    device : torch.device

    Returns
    -------
    Tensor of float32, shape (1, 3, image_size, image_size)
    """
    image = upload(torch.from_numpy(unit), device)
    channels_first = image[None] if image.ndim == 2 else image.permute(2, 0, 1)
    image = channels_first[None].to(torch.float32)  # (1, 1 or 3, H, W)
    if unit.dtype == np.uint8:
        image = image / 255
    image = resize_smoothly(image, image_size)
    mean, std = _normalisation(str(image.device))
    return (image - mean) / std


@lru_cache(maxsize=8)
def _normalisation(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and spread of the pictures that models have seen, (1, 3, 1, 1)."""
    with torch.inference_mode(False):
        mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        return mean, torch.tensor(STD, device=device).view(1, 3, 1, 1)
