"""Fetched pictures and volumes as a file, and as tensors on the device that trains."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
import torch

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from napari_sam2.training.assets.volumes import Block

FILE = "pictures.npz"
POSES = 4  # of things that were drawn moving


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of real anatomy; see :class:`Block` for what it holds.

    Attributes
    ----------
    values, labels : Tensor of uint8, shape (D, H, W)
    schemes : Tensor of uint8, shape (K, 256)
    """

    values: Tensor
    labels: Tensor
    schemes: Tensor


@dataclass(frozen=True, slots=True)
class Assets:
    """Pictures to compose footage from, and volumes to slice.

    Attributes
    ----------
    cutouts : Tensor of uint8, shape (N, 4, 128, 128)
        Red, green, blue and alpha.
    poses : Tensor of int64, shape (K, POSES)
        The cut-outs that show one thing as it moves; things that are known in one pose
        have it everywhere.
    photographs : Tensor of uint8, shape (M, 3, 320, 320)
    volumes : tuple of Volume
        None where the packages with volumes could not be had.
    """

    cutouts: Tensor
    poses: Tensor
    photographs: Tensor
    volumes: tuple[Volume, ...] = ()


def save_assets(
    folder: Path,
    cutouts: npt.NDArray[np.uint8],
    photographs: npt.NDArray[np.uint8],
    volumes: Sequence[Block] = (),
    moving: int = 0,
) -> None:
    """Write pictures (N, H, W, 4) and (M, H, W, 3) and volumes to a folder.

    The last cut-outs are the poses of so many moving things, one after the other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    still = np.arange(len(cutouts) - moving * POSES)
    poses = np.repeat(still[:, None], POSES, axis=1)
    further = np.arange(len(still), len(cutouts)).reshape(moving, POSES)
    parts = {
        f"{name}_{number}": part
        for number, block in enumerate(volumes)
        for name, part in block._asdict().items()
    }
    np.savez_compressed(
        folder / FILE,
        cutouts=cutouts,
        photographs=photographs,
        poses=np.concatenate([poses, further]),
        **parts,
    )


def load_assets(folder: Path, device: torch.device) -> Assets:
    """Read what the command ``assets`` fetched.

    Raises
    ------
    StackError
        If the folder does not hold it.
    """
    try:
        with np.load(folder / FILE) as file:
            parts = {name: torch.from_numpy(file[name]).to(device) for name in file}
        cutouts, photographs = (
            parts[name].movedim(-1, 1).contiguous()
            for name in ("cutouts", "photographs")
        )
        return Assets(cutouts, parts["poses"], photographs, _volumes(parts))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise StackError(
            f"{folder} holds no pictures to compose footage from ({error}). Fetch "
            f"them: python -m napari_sam2.training assets {folder}"
        ) from error


def _volumes(parts: Mapping[str, Tensor]) -> tuple[Volume, ...]:
    count = sum(name.startswith("values_") for name in parts)
    names = [field.name for field in fields(Volume)]
    return tuple(
        Volume(*(parts[f"{name}_{number}"] for name in names))
        for number in range(count)
    )
