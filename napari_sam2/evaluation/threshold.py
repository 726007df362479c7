"""Parts of a frame that are brighter, or darker, than the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_BINS = 256
_SMOOTHING = 1.0  # pixels, against noise


def smooth_grey(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return a frame, (H, W) or (H, W, C), in grey and slightly smoothed."""
    from scipy import ndimage

    grey = pixels.astype(np.float32)
    grey = np.nan_to_num(grey.mean(axis=2) if grey.ndim == 3 else grey)
    smooth: npt.NDArray[np.float32] = ndimage.gaussian_filter(grey, _SMOOTHING)
    return smooth


def otsu_threshold(values: npt.NDArray[np.float32]) -> float:
    """Return the intensity that parts values into two classes most unlike each other.

    Otsu's method: the between-class variance of a histogram of 256 bins is largest
    there. Values above the threshold are the bright class.
    """
    counts, edges = np.histogram(values, _BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    sums = np.cumsum(counts * centres)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = sums / below - (sums[-1] - sums) / above
        variance = below.astype(float) * above * difference**2
    return float(edges[1:][int(np.nan_to_num(variance).argmax())])


def components(side: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return connected parts, their holes filled, as labels 1, 2, …, (H, W)."""
    from scipy import ndimage

    labels, _ = ndimage.label(ndimage.binary_fill_holes(side))
    return np.asarray(labels, np.int32)
