"""What every reader returns: an array that is not loaded yet, and its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames import ArrayLike


@dataclass(frozen=True, slots=True)
class Opened:
    """An array and its axes, as one of the readers found them.

    Attributes
    ----------
    array : array-like
        Lazily read; ``array.shape`` agrees with the axes.
    axes : tuple of Axis
        One per axis of the array, with pixel sizes where the file knows them.
    """

    array: ArrayLike
    axes: Axes
