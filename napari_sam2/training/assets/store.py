"""Fetched pictures as a file, and as tensors on the device that trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
import torch

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

FILE = "pictures.npz"


@dataclass(frozen=True, slots=True)
class Assets:
    """Pictures to compose footage from.

    Attributes
    ----------
    cutouts : Tensor of uint8, shape (N, 4, 128, 128)
        Red, green, blue and alpha.
    photographs : Tensor of uint8, shape (M, 3, 320, 320)
    """

    cutouts: Tensor
    photographs: Tensor


def save_assets(
    folder: Path, cutouts: npt.NDArray[np.uint8], photographs: npt.NDArray[np.uint8]
) -> None:
    """Write pictures (N, H, W, 4) and (M, H, W, 3) to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / FILE, cutouts=cutouts, photographs=photographs)


def load_assets(folder: Path, device: torch.device) -> Assets:
    """Read what the command ``assets`` fetched.

    Raises
    ------
    StackError
        If the folder does not hold it.
    """
    try:
        with np.load(folder / FILE) as file:
            parts = [file["cutouts"], file["photographs"]]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise StackError(
            f"{folder} holds no pictures to compose footage from ({error}). Fetch "
            f"them: python -m napari_sam2.training assets {folder}"
        ) from error
    return Assets(*(_on(device, part) for part in parts))


def _on(device: torch.device, pictures: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pictures).movedim(-1, 1).contiguous().to(device)
