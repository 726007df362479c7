"""How far the slices of a DICOM volume lie apart, and what is not right about that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

# Distances that differ by less, and slices that lie less beside even ones, of one
# step, are even.
_EVEN = 1e-2
# Headers round: slices that lie less beside even ones, of one step, are meant so.
_ROUNDED = 0.1
# Gaps that are by less, of one step, no whole number of steps are missing slices.
_WHOLE_STEPS = 0.1
_MOST_NAMED = 5


def slice_step(path: Path, heights: Sequence[float]) -> tuple[float, tuple[str, ...]]:
    """Return the usual distance between slices, and a sentence if there are others.

    Parameters
    ----------
    path : Path
        For the sentence.
    heights : sequence of float
        How far each slice lies along the common normal, in order, in millimetres.

    Returns
    -------
    step : float
        In millimetres; 0 for a single slice. Slices that lie all but evenly fit it
        from the first to the last; else it is right up to the first distance that is
        another one.
    notices : tuple of str
        None or one.
    """
    if len(heights) < 2:
        return 0.0, ()
    distances = np.diff(heights)
    mean = float(distances.mean())
    beside = _farthest(heights, mean) / mean
    step = mean if beside <= _ROUNDED else _usual(distances)
    odd = np.flatnonzero(np.abs(distances - step) > _EVEN * step)
    if beside <= _EVEN or not len(odd):
        return step, ()
    steps = np.rint(distances[odd] / step)
    are_whole = np.abs(distances[odd] / step - steps) < _WHOLE_STEPS
    drift = _farthest(heights, step)
    if are_whole.all() and steps.min() > 1:
        return step, (_missing(path, odd, int((steps - 1).sum()), drift),)
    return step, (_uneven(path, distances, step, int(odd[0]), drift),)


def _usual(distances: npt.NDArray[np.float64]) -> float:
    """Return the mean of distances that are the median one but for rounding."""
    # one that occurs, and of two the shorter: the other is a gap
    median = np.sort(distances)[(len(distances) - 1) // 2]
    is_usual = np.abs(distances - median) <= _EVEN * median
    return float(distances[is_usual].mean())


def _farthest(heights: Sequence[float], step: float) -> float:
    """Return how far, at most, slices lie from where even ones would."""
    taken = heights[0] + step * np.arange(len(heights))
    return float(np.abs(heights - taken).max())


def _missing(
    path: Path, gaps: npt.NDArray[np.intp], count: int, drift_mm: float
) -> str:
    are_missing = counted(count, "slice is", "slices are")
    after = ", ".join(str(gap) for gap in gaps[:_MOST_NAMED])
    more = ", …" if len(gaps) > _MOST_NAMED else ""
    return (
        f"{path} is not complete: about {are_missing} missing, after slice {after}"
        f"{more} (counted from 0). The others are shown without a gap: volumes are too "
        f"small, and positions behind the first gap wrong by up to {drift_mm:.3g} mm."
    )


def _uneven(
    path: Path,
    distances: npt.NDArray[np.float64],
    step: float,
    first: int,
    drift_mm: float,
) -> str:
    share = float(np.abs(step / distances - 1).max())
    return (
        f"The slices of {path} are not evenly spaced: they lie {distances.min():.4g} "
        f"to {distances.max():.4g} mm apart, the first others behind slice {first} "
        f"(counted from 0). All are taken to be {step:.4g} mm apart: positions are "
        f"wrong by up to {drift_mm:.3g} mm, and volumes by up to {share:.0%}. Resample "
        "them evenly to measure them."
    )
