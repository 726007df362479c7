"""A few slices of the bundled nuclei, and where each nucleus truly is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_sam2.layers.hooks import sample_layers

FIRST, LAST = 20, 25


@dataclass(frozen=True)
class Truth:
    """A stack, (frames, Y, X), and its labels."""

    stack: np.ndarray
    labels: np.ndarray

    @property
    def frame_count(self) -> int:
        return len(self.stack)

    def mask(self, value: int, frame: int) -> np.ndarray:
        return self.labels[frame] == value

    def box(self, value: int, frame: int) -> tuple[int, int, int, int]:
        """Return the (y0, x0, y1, x1) that hold a nucleus."""
        y, x = np.nonzero(self.mask(value, frame))
        return y.min(), x.min(), y.max(), x.max()

    def deepest(self, mask: np.ndarray) -> tuple[float, float]:
        """Return the (y, x) of a mask that is farthest from its border."""
        depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        return float(y), float(x)


def nuclei(first: int = FIRST, last: int = LAST) -> Truth:
    """Return some slices of the sample of nuclei."""
    (stack, _, _), (labels, _, _) = sample_layers("cells3d_nuclei")
    slices = slice(first, last + 1)
    return Truth(np.asarray(stack)[slices], np.asarray(labels)[slices])


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    """Return the intersection over union of two masks."""
    return np.count_nonzero(found & true) / max(1, np.count_nonzero(found | true))
