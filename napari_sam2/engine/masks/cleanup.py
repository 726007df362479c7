"""Small holes filled and small specks removed, the same on every device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.engine.masks.pixel_runs import (
    CORNERS,
    SIDES,
    framed,
    parts_of,
    runs_of,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.engine.masks.pixel_runs import Parts, Runs


def clean(
    mask: npt.NDArray[np.bool_], *, hole_area: float, island_area: float
) -> npt.NDArray[np.bool_]:
    """Return a mask without small holes and specks; the same one if it has none.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    hole_area : float
        Background that is enclosed by the mask and has at most this many pixels is
        filled; 0 fills nothing.
    island_area : float
        Parts of the mask with fewer pixels than this are removed, except the largest;
        0 removes nothing.
    """
    if (hole_area <= 0 and island_area <= 0) or not mask.any():
        return mask
    cleaned = framed(mask)
    runs = runs_of(cleaned)
    parts = parts_of(runs, CORNERS)
    stays = ~_are_islands(runs, parts, island_area)
    islands, solid = runs.only(~stays), runs.only(stays)
    holes = _holes(solid, parts.only(stays), hole_area)
    if not len(islands.starts) and not len(holes.starts):
        return mask
    cleaned.ravel()[islands.pixels()] = False
    cleaned.ravel()[holes.pixels()] = True
    return cleaned[1:-1, :-1]


def _are_islands(runs: Runs, parts: Parts, area: float) -> npt.NDArray[np.bool_]:
    """Say of each run whether it belongs to a part that is removed."""
    areas = np.bincount(parts.firsts, runs.lengths)
    is_small = areas < area
    is_small[areas.argmax()] = False
    return is_small[parts.firsts]


def _holes(solid: Runs, parts: Parts, area: float) -> Runs:
    """Return what is filled between the runs of some parts."""
    if area <= 0 or not parts.hole_count:
        return solid.only(np.zeros(len(solid.starts), bool))
    gaps = solid.gaps()
    firsts = parts_of(gaps, SIDES).firsts
    is_small = np.bincount(firsts, gaps.lengths) <= area
    is_small[0] = False  # what is outside
    return gaps.only(is_small[firsts])
