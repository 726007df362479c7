"""The label pictures beside a prompt file, which hold the masks that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.prompts import MaskPrompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.positions import PlacedPrompt

Place: TypeAlias = "tuple[tuple[tuple[str, int], ...], int]"
"""Where a picture belongs: position by axis, and frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Masks of one frame that share no pixel.

    Attributes
    ----------
    path : Path
        The file of the picture.
    place : tuple
        The position by axis, and the frame.
    masks : mapping of int to PackedMask
        By object.
    """

    path: Path
    place: Place
    masks: Mapping[int, PackedMask]

    def draw(self) -> npt.NDArray[Any]:
        """Return the labels, (H, W): every object's number, 0 where there is none."""
        shape_hw = next(iter(self.masks.values())).shape_hw
        labels = np.zeros(shape_hw, np.min_scalar_type(max(self.masks)))
        for object_id, mask in self.masks.items():
            labels[mask.slices][mask.crop] = object_id
        return labels


@dataclass(slots=True)
class _Sheet:
    """A picture that is being filled."""

    taken: npt.NDArray[np.bool_]
    masks: dict[int, PackedMask] = field(default_factory=dict)

    def takes(self, object_id: int, mask: PackedMask) -> bool:
        """Add a mask if there is room for it; return whether there was."""
        if object_id in self.masks or mask.shape_hw != self.taken.shape:
            return False
        crop, below = mask.crop, self.taken[mask.slices]
        if (crop & below).any():
            return False
        below |= crop
        self.masks[object_id] = mask
        return True


def pictures_beside(path: Path, placed: Iterable[PlacedPrompt]) -> Iterator[Picture]:
    """Yield the pictures that hold all masks among prompts, by position and frame.

    Parameters
    ----------
    path : Path
        The prompt file.
    placed : iterable of PlacedPrompt
    """
    masks = [(place_of(one), one.prompt) for one in placed]
    found = [(place, one) for place, one in masks if isinstance(one, MaskPrompt)]
    found.sort(key=lambda one: one[0])
    for place, same in groupby(found, key=lambda one: one[0]):
        for number, apart in enumerate(_parted(prompt for _, prompt in same), 1):
            yield Picture(path.with_name(_name(path, place, number)), place, apart)


def place_of(placed: PlacedPrompt) -> Place:
    """Return where the picture of a mask belongs."""
    return tuple(sorted(placed.at.items())), placed.prompt.frame


def _parted(prompts: Iterable[MaskPrompt]) -> list[dict[int, PackedMask]]:
    """Part the masks of a frame so that none overlap: labels come as one part."""
    sheets: list[_Sheet] = []
    for one in prompts:
        mask = one.packed
        # One that shows nothing is alone, or another would be taken for it.
        if mask.is_absent or not any(s.takes(one.object_id, mask) for s in sheets):
            sheets.append(_Sheet(np.full(mask.shape_hw, mask.is_absent)))
            sheets[-1].takes(one.object_id, mask)
    return [sheet.masks for sheet in sheets]


def _name(path: Path, place: Place, number: int) -> str:
    at, frame = place
    where = "".join(f"_{axis}{index}" for axis, index in at)
    again = f"_{number}" if number > 1 else ""
    return f"{path.stem}{where}_frame{frame}{again}.tif"
