"""Arrays in memory, or lazily read ones, as opened stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.source import check_array
from napari_sam2.core.given import check_given
from napari_sam2.io.reading.stack import Stack

if TYPE_CHECKING:
    from napari_sam2.core.frames.source import ArrayLike


def array_stack(
    array: ArrayLike, names: str, scales: Mapping[str, float] | None = None
) -> Stack:
    """Return an array as a stack, as :func:`napari_sam2.open_stack` returns files.

    Parameters
    ----------
    array : array-like
        NumPy, Dask, Zarr, a memory map; it is read frame by frame.
    names : str
        One letter per axis, such as ``"tzyx"``; ``y`` and ``x`` for rows and columns,
        ``c`` for channels, ``s`` for the colours of pictures, ``q`` for any number of
        axes that are not known.
    scales : mapping of str to float, optional
        Pixel sizes, by name of the axis.

    Raises
    ------
    StackError
        If that is no array, there are not as many names as axes, or one is given twice.
    """
    _check_kinds(array, names, scales)
    shape = tuple(array.shape)
    if len(names) != len(shape) or not names.isalpha():
        raise StackError(
            f"The array has {len(shape)} axes, and {names!r} names {len(names)}: give "
            "one letter for each, such as tzyx."
        )
    letters = names.lower().replace("q", "")  # of axes that are not known
    if len(set(letters)) < len(letters):
        raise StackError(
            f"{names!r} names two axes alike: give every axis a letter of its own, "
            "such as tzyx."
        )
    scales = scales or {}
    axes = tuple(
        replace(axis, scale=float(scales.get(axis.name, 1.0)))
        for axis in axes_from_shape(shape, names)
    )
    return Stack(array, axes, Path("array"))


def _check_kinds(
    array: ArrayLike, names: str, scales: Mapping[str, float] | None
) -> None:
    check_array(array)
    advice = "give one letter for each, such as 'tzyx'"
    check_given(names, str, "string of axis names", advice, StackError)
    advice = 'give numbers by axis, such as {"z": 2.5}'
    check_given(scales, Mapping | None, "mapping of pixel sizes", advice, StackError)
    for scale in (scales or {}).values():
        check_given(scale, Real, "pixel size", advice, StackError)
