"""Cells that are known by markers, and whose masks are known only here and there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.util import map_array

from napari_sam2.core.errors import FrameError
from napari_sam2.io.reading.folder import read_picture

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Label images, a file each; a ``LabelSource``.

    Attributes
    ----------
    files : mapping of int to Path
        By frame.
    shape_hw : tuple of int
        Height and width that all must have.
    """

    files: Mapping[int, Path]
    shape_hw: tuple[int, int]

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read the labels of a frame, (H, W); an empty image where there is no file."""
        if frame not in self.files:
            return np.zeros(self.shape_hw, np.uint16)
        path = self.files[frame]
        labels = read_picture(path)
        if labels.shape != self.shape_hw:
            shape = " × ".join(map(str, labels.shape))
            raise FrameError(
                f"The labels {path} are {shape} pixels, but the frames are "
                f"{self.shape_hw[0]} × {self.shape_hw[1]}. Cells in three dimensions "
                "over time cannot be measured."
            )
        return labels

    def unclear(self, frame: int) -> Collection[int]:
        """Return nothing: what is drawn is complete."""
        return ()


class MarkedCells:
    """Masks that take the numbers of the markers that they cover; a ``LabelSource``.

    Parameters
    ----------
    masks : Pictures
        Masks with numbers of their own, on some frames.
    markers : Pictures
        Marks with the cells' numbers.
    """

    def __init__(self, masks: Pictures, markers: Pictures) -> None:
        self.markers = markers
        self._masks = masks
        self._last: tuple[int, npt.NDArray[Any], frozenset[int]] | None = None

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Return the masks of a frame by the cells' numbers, (H, W)."""
        return self._read(frame)[0]

    def unclear(self, frame: int) -> Collection[int]:
        """Return the cells that are marked on a frame, but have no mask there."""
        return self._read(frame)[1]

    def _read(self, frame: int) -> tuple[npt.NDArray[Any], frozenset[int]]:
        if self._last is None or self._last[0] != frame:
            labels, unmasked = name_masks(self._masks[frame], self.markers[frame])
            self._last = frame, labels, unmasked
        return self._last[1:]


def name_masks(
    masks: npt.NDArray[Any], markers: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], frozenset[int]]:
    """Give masks the numbers of the markers that they cover.

    Each mask takes the marker of which it holds most pixels; of several masks on one
    marker the one that holds most of it counts. Masks without a marker are left out.

    Parameters
    ----------
    masks, markers : ndarray of int, shape (H, W)

    Returns
    -------
    ndarray of int, shape (H, W)
        The masks by the numbers of markers.
    frozenset of int
        Markers that no mask has taken.
    """
    covered, kept = _pairs(masks, markers), set[int]()
    taken: dict[int, int] = {}
    for mask, marker in covered:
        if mask not in kept and marker not in taken:
            taken[marker] = mask
            kept.add(mask)
    labels = np.zeros_like(markers)
    if taken:
        owners = np.array(list(taken.values()), masks.dtype)
        numbers = np.array(list(taken), markers.dtype)
        map_array(masks, owners, numbers, out=labels)  # type: ignore[no-untyped-call]
    marked = np.unique(markers[markers > 0]).tolist()
    return labels, frozenset(int(m) for m in marked if m not in taken)


def _pairs(masks: npt.NDArray[Any], markers: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Return masks and markers that share pixels, those that share most first."""
    both = (masks > 0) & (markers > 0)
    names, numbers = np.unique(masks[both], return_inverse=True)
    marks, places = np.unique(markers[both], return_inverse=True)
    # One number for each pair: to sort pairs takes many times as long
    pairs, counts = np.unique(numbers * len(marks) + places, return_counts=True)
    order = pairs[np.argsort(-counts, kind="stable")]
    first, second = np.divmod(order, max(1, len(marks)))
    return list(zip(names[first].tolist(), marks[second].tolist(), strict=True))
