"""The slices of a DICOM series in order: by position, by time where repeated."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import StackError
from napari_sam2.io.reading.dicom_alike import has_same_direction
from napari_sam2.io.reading.dicom_step import slice_step
from napari_sam2.io.reading.opened import as_affine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.io.reading.dicom_slice import Slice
    from napari_sam2.io.reading.opened import Affine

# Slices nearer than this, in millimetres, are repetitions of one position.
_SAME_POSITION = 1e-2
# Slices are shifted that lie more than this beside the line of all, in pixels.
_SHIFTED = 0.5
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Slices in order.

    Attributes
    ----------
    slices : sequence of Slice
        In C order of the axes.
    axes : tuple of Axis
        Those that come before rows and columns: t, z, both or none.
    affine : tuple of 3 rows of 4 float, or None
        From indices along x, y and z to millimetres (RAS+).
    notices : tuple of str
        What is odd.
    """

    slices: Sequence[Slice]
    axes: Axes
    affine: Affine | None = None
    notices: tuple[str, ...] = ()


def arranged(path: Path, slices: Sequence[Slice]) -> Arrangement:
    """Put the slices of one series in order.

    Parameters
    ----------
    path : Path
        For messages.
    slices : sequence of Slice
        All of one series.

    Raises
    ------
    StackError
        If positions are repeated, but not all of them equally often.
    """
    heights = _heights(slices)
    if heights is None:
        return _by_number(slices, _directions(path, slices))
    groups = _by_height(slices, heights)
    counts = {len(group) for group in groups.values()}
    if len(counts) > 1:
        raise StackError(
            f"The slices of {path} cannot be put in order: some positions occur "
            f"{min(counts)} times, others {max(counts)} times. Keep the slices of one "
            "scan in the folder."
        )
    times = counts.pop()
    positions = sorted(groups)
    ordered = [groups[height][time] for time in range(times) for height in positions]
    step, notices = slice_step(path, positions)
    step = step or slices[0].thickness
    depth = Axis("z", len(positions), step or 1.0, "millimeter" if step else "")
    axes = [Axis("t", times)] * (times > 1) + [depth] * (len(slices) > 1)
    affine = _affine(ordered, positions, step)
    if affine is not None:
        notices += _shifts(path, ordered, positions)
    return Arrangement(ordered, tuple(axes), affine, notices)


def _by_number(slices: Sequence[Slice], notices: tuple[str, ...]) -> Arrangement:
    """Order slices without positions as they are counted: a film, or plain pictures."""
    ordered = sorted(slices, key=lambda one: (one.instance, one.path.name, one.frame))
    if len(slices) == 1:
        return Arrangement(ordered, (), notices=notices)
    first = ordered[0]
    if first.frame_seconds > 0:
        axis = Axis("t", len(ordered), first.frame_seconds, "second")
    else:
        axis = Axis("i", len(ordered))
    return Arrangement(ordered, (axis,), notices=notices)


def _directions(path: Path, slices: Sequence[Slice]) -> tuple[str, ...]:
    """Say that slices are no volume, though each of them has a place in space."""
    if any(one.position is None or _normal(one) is None for one in slices):
        return ()
    return (
        f"The slices of {path} are cut in several directions, so that they are no "
        "volume: they come as they are counted, and results have no place in space.",
    )


def _heights(slices: Sequence[Slice]) -> list[float] | None:
    """Return how far each slice lies along the common normal; None if unknown."""
    positions = [one.position for one in slices]
    normal = _normal(slices[0])
    if normal is None or any(position is None for position in positions):
        return None
    for one in slices:
        other = _normal(one)
        if other is None or not has_same_direction(normal, other):
            return None  # localisers are cut in several directions
    return [float(np.dot(normal, np.array(position))) for position in positions]


def _normal(one: Slice) -> npt.NDArray[np.float64] | None:
    if one.orientation is None:
        return None
    along_row, along_column = np.reshape(one.orientation, (2, 3))
    normal: npt.NDArray[np.float64] = np.cross(along_row, along_column)
    length = float(np.linalg.norm(normal))
    return normal / length if length > 0.5 else None


def _by_height(
    slices: Sequence[Slice], heights: Sequence[float]
) -> Mapping[float, list[Slice]]:
    """Group repetitions of one position, in order of time."""
    groups: dict[float, list[Slice]] = defaultdict(list)
    previous: float | None = None
    order = sorted(range(len(slices)), key=lambda i: (heights[i], slices[i].moment))
    for index in order:
        if previous is None or heights[index] - previous > _SAME_POSITION:
            previous = heights[index]
        groups[previous].append(slices[index])
    for group in groups.values():
        group.sort(key=lambda one: (one.moment, one.path.name, one.frame))
    return groups


def _shifts(
    path: Path, ordered: Sequence[Slice], heights: Sequence[float]
) -> tuple[str, ...]:
    """Say if slices do not lie in one line, whichever way that leans."""
    places = np.array([one.position for one in ordered])
    places = places.reshape(-1, len(heights), 3)
    above = np.subtract(heights, heights[0])
    share = above / (above[-1] or 1.0)
    line = places[0, 0] + share[:, None] * (places[0, -1] - places[0, 0])
    beside = np.linalg.norm(places - line, axis=-1).max(axis=0)
    worst = int(beside.argmax())
    if beside[worst] <= _SHIFTED * min(ordered[0].spacing or (np.inf,)):
        return ()
    return (
        f"The slices of {path} do not lie in one line, and are shown as if they did: "
        f"positions are wrong by up to {beside[worst]:.3g} mm, most at slice {worst} "
        "(counted from 0).",
    )


def _affine(
    ordered: Sequence[Slice], positions: Sequence[float], step: float
) -> Affine | None:
    """Return where the volume lies in the patient; columns for x, y and z."""
    first, normal = ordered[0], _normal(ordered[0])
    if first.spacing is None or first.orientation is None or first.position is None:
        return None
    along_row, along_column = np.reshape(first.orientation, (2, 3))
    between = np.zeros(3) if normal is None else normal * (step or 1.0)
    if len(positions) > 1:  # a tilted gantry shifts slices sideways too
        last = ordered[len(positions) - 1]
        shift = np.subtract(last.position or first.position, first.position)
        between = shift * step / (positions[-1] - positions[0])
    columns = along_row * first.spacing[1], along_column * first.spacing[0], between
    matrix = np.column_stack([*columns, np.array(first.position)])
    return as_affine(_LPS_TO_RAS @ matrix)
