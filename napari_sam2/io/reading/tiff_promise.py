"""How many pictures a TIFF file was meant to hold, for files that are cut off.

A complete file needs none of this: its pages say it all. Of one that broke off, the
pages that are left are often a few only, while the description at the start still has
the whole shape.
"""

from __future__ import annotations

import math
from typing import Any

from napari_sam2.core.axes import Axes, Axis, axes_from_shape
from napari_sam2.core.unnamed_axes import guess_axis_names


def promised_axes(file: Any) -> Axes | None:
    """Return the axes that the description at the start of a file promises.

    Parameters
    ----------
    file : tifffile.TiffFile
        The open file.

    Returns
    -------
    tuple of Axis or None
        None when the pages of the first series are all there, or nothing was promised.
    """
    if file.is_imagej:
        axes = _imagej_axes(file.imagej_metadata or {}, file.pages[0].shape)
    elif file.shaped_metadata:
        axes = _shaped_axes(file.shaped_metadata[0])
    else:
        return None
    promised = math.prod(axis.size for axis in axes)
    page = math.prod(file.pages[0].shape)
    is_more = promised > math.prod(file.series[0].shape)
    return axes if is_more and promised % page == 0 else None


def _imagej_axes(metadata: dict[str, Any], page_shape: tuple[int, ...]) -> Axes:
    counts = [
        Axis(name, int(metadata.get(key, 1)))
        for name, key in (("t", "frames"), ("z", "slices"), ("c", "channels"))
    ]
    images = int(metadata.get("images", 1))
    if math.prod(axis.size for axis in counts) != images:
        counts = [Axis("i", images)]
    plane = axes_from_shape(page_shape, "yxs"[: len(page_shape)])
    return (*(axis for axis in counts if axis.size > 1), *plane)


def _shaped_axes(metadata: dict[str, Any]) -> Axes:
    shape = tuple(int(size) for size in metadata.get("shape", ()))
    names = str(metadata.get("axes", ""))
    if len(names) != len(shape):
        names = guess_axis_names(shape) if len(shape) >= 2 else "x"[: len(shape)]
    return axes_from_shape(shape, names)
