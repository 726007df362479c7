"""The table of measurements: one row per object and frame. Pure functions.

The columns are those of the table that :mod:`napari_sam2.io.table` writes, and
calibrated ones where the pixel size is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.units import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.state.document import Document

Row: TypeAlias = dict[str, int | float | str | None]


def measure(document: Document, calibration: Axes) -> list[Row]:
    """Return the rows of all masks, by frame and object, without intensities.

    Parameters
    ----------
    document : Document
    calibration : tuple of Axis
        Frames, rows and columns, with pixel sizes and units.
    """
    names = {i: one.name for i, one in document.objects.items()}
    frames = sorted({frame for (_, frame), _ in document.masks.items()})
    return [
        row
        for frame in frames
        for row in measure_frame(document.frame_result(frame), names, calibration)
    ]


def measure_frame(
    result: FrameResult,
    names: Mapping[int, str],
    calibration: Axes,
    pixels: npt.NDArray[Any] | None = None,
) -> list[Row]:
    """Return one row per object of a frame.

    Parameters
    ----------
    result : FrameResult
    names : mapping of int to str
        Names of objects, by id.
    calibration : tuple of Axis
        Frames, rows and columns, with pixel sizes and units.
    pixels : ndarray, shape (H, W) or (H, W, 3), optional
        The frame as it was read, for the mean intensity over all its channels.
    """
    return [_row(one, names, calibration, pixels) for one in result]


def _row(
    one: MaskResult,
    names: Mapping[int, str],
    calibration: Axes,
    pixels: npt.NDArray[Any] | None,
) -> Row:
    y, x = one.centroid_yx or (None, None)
    y0, x0, y1, x1 = one.box_yxyx or (None,) * 4
    row: Row = {
        "frame": one.frame,
        "object": one.object_id,
        "name": names.get(one.object_id, ""),
        "area": one.area,
        **{"centroid_y": y, "centroid_x": x, "y0": y0, "x0": x0, "y1": y1, "x1": x1},
        "predicted_iou": one.predicted_iou,
        "object_logit": one.object_logit,
    }
    if pixels is not None:
        row["mean_intensity"] = _mean(pixels[one.slices][one.crop])
    return row | _calibrated(one, calibration)


def _calibrated(one: MaskResult, calibration: Axes) -> Row:
    """Return time or depth ("position"), area and centroid in units, where known."""
    frames, rows, columns = calibration
    found: Row = {}
    if frames.unit:
        found[f"position_{_ascii(frames.unit)}"] = one.frame * frames.scale
    if rows.unit and rows.unit == columns.unit:
        unit = _ascii(rows.unit)
        y, x = one.centroid_yx or (None, None)
        found[f"area_{unit}2"] = one.area * rows.scale * columns.scale
        found[f"centroid_y_{unit}"] = None if y is None else y * rows.scale
        found[f"centroid_x_{unit}"] = None if x is None else x * columns.scale
    return found


def _ascii(unit: str) -> str:
    return unit_symbol(unit).replace("µ", "u").replace("Å", "angstrom")


def _mean(values: npt.NDArray[Any]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean(dtype=np.float64)) if finite.size else None
