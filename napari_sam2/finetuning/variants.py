"""The same stack seen otherwise: mirrored, closer, brighter. All frames alike."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from napari_sam2.engine.frames.preprocess import to_model
from napari_sam2.engine.objects.prompting import mask_to_model
from napari_sam2.engine.views.view import View

if TYPE_CHECKING:
    import numpy.typing as npt

_CLOSEST = 0.6  # of the frame's sides


class Variant(NamedTuple):
    """How pictures are altered.

    Attributes
    ----------
    flips : tuple of int
        Axes of (…, rows, columns) that are mirrored: of -2 and -1, none to both.
    scale : float
        Share of the frame's sides that is seen.
    place_yx : tuple of float
        Where that part lies, from 0 (top, left) to 1.
    gain, gamma : float
        Brightness is multiplied, after it was raised to a power.
    """

    flips: tuple[int, ...] = ()
    scale: float = 1.0
    place_yx: tuple[float, float] = (0.0, 0.0)
    gain: float = 1.0
    gamma: float = 1.0

    def view(self, shape_hw: tuple[int, int]) -> View:
        """Return the part of a frame that is seen."""
        sides = [max(1, round(self.scale * side)) for side in shape_hw]
        free = [whole - side for whole, side in zip(shape_hw, sides, strict=True)]
        y, x = (round(p * f) for p, f in zip(self.place_yx, free, strict=True))
        return View(y, x, *sides)

    def picture(
        self, unit: npt.NDArray[Any], size: int, device: torch.device
    ) -> torch.Tensor:
        """Return a frame as the encoder takes it, float32, (1, 3, size, size).

        Parameters
        ----------
        unit : ndarray, shape (H, W) or (H, W, 3)
            From :func:`napari_sam2.engine.frames.preprocess.to_unit`.
        size : int
        device : torch.device
        """
        part = self.view(unit.shape[:2]).cut(unit)
        if (self.gain, self.gamma) != (1.0, 1.0):
            part = part / np.float32(255 if part.dtype == np.uint8 else 1)
            part = np.clip(self.gain * part**self.gamma, 0, 1).astype(np.float32)
        image = to_model(np.ascontiguousarray(part), size, device)
        return image.flip(self.flips) if self.flips else image

    def mask(self, mask: npt.NDArray[np.bool_], size: int) -> torch.Tensor:
        """Return a mask (H, W) as it lies in the picture, bool, (size, size)."""
        part = np.ascontiguousarray(self.view(mask.shape).cut(mask))
        small = mask_to_model(part, size, torch.empty(0))[0, 0] > 0
        return small.flip(self.flips) if self.flips else small


def make_variants(count: int, seed: int) -> list[Variant]:
    """Return ways to alter pictures; the first leaves them as they are."""
    chance = random.Random(f"{seed} variants")
    made = [Variant()]
    for number in range(1, count):
        closer = chance.uniform(_CLOSEST, 1.0) if number % 2 else 1.0
        made.append(
            Variant(
                flips=tuple(axis for axis in (-2, -1) if chance.random() < 0.5),
                scale=closer,
                place_yx=(chance.random(), chance.random()),
                gain=chance.uniform(0.75, 1.3),
                gamma=chance.uniform(0.75, 1.3),
            )
        )
    return made
