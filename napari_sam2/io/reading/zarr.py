"""Zarr arrays and OME-Zarr images (0.4 and 0.5), through the optional ``zarr``."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import Axes, Axis, axes_from_shape
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.units import unit_name
from napari_sam2.core.unnamed_axes import guess_axis_names
from napari_sam2.io.extras import optional_package
from napari_sam2.io.reading.level import at_level, whole_pyramid
from napari_sam2.io.reading.opened import Opened, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MOST_LISTED = 20
_DEEPEST_LISTED = 3
_OF_XARRAY = "_ARRAY_DIMENSIONS"
_NAMES_BY_TYPE = {"time": "t", "channel": "c"}
_MEANT = "tczyxs"
"""Letters that say what an axis is."""


def open_zarr(path: Path, wanted: Wanted) -> Opened:
    """Open an array, or the full-resolution level of an OME-Zarr image.

    Parameters
    ----------
    path : Path
    wanted : Wanted
        A level is read with the shape of level 0. A series is one of the numbered
        images that a converted file of several has.

    Raises
    ------
    MissingExtraError
        If ``zarr`` is not installed.
    StackError
        If there is no array to open, or several to choose from.
    """
    zarr = optional_package("zarr", "zarr", path)
    with decoding(StackError, f"{path} cannot be opened as Zarr"):
        node = zarr.open(path, mode="r")
        if wanted.dataset is not None:
            node = _inside(path, node, wanted.dataset)
        return _from_node(path, node, wanted)


def _inside(path: Path, node: Any, name: str) -> Any:
    inner = name.strip("/")
    if hasattr(node, "shape") or (inner and inner not in node):
        raise StackError(f"{path} has no array or group {name}: {_listed(path, node)}")
    return node[inner] if inner else node


def _from_node(path: Path, node: Any, wanted: Wanted) -> Opened:
    from napari_sam2.io.reading.zarr_chunks import (
        checked_array,  # it needs the package zarr
    )

    if hasattr(node, "shape"):
        array = at_level(path, [checked_array(node)], wanted.level)
        return Opened(array, axes_from_shape(node.shape, _array_names(node)))
    attributes = dict(node.attrs)
    images = attributes.get("ome", attributes).get("multiscales")
    if images:
        levels = [checked_array(node[one["path"]]) for one in images[0]["datasets"]]
        axes = _ome_axes(images[0], levels[0].shape)
        array = at_level(path, levels, wanted.level)
        return Opened(array, axes, levels=whole_pyramid(levels, wanted.level))
    arrays = dict(node.arrays())
    if len(arrays) == 1:
        return _from_node(path, next(iter(arrays.values())), wanted)
    return _numbered(path, node, wanted)


def _numbered(path: Path, node: Any, wanted: Wanted) -> Opened:
    """Open one of the images that bio-formats' converter calls by numbers."""
    groups = {name: group for name, group in node.groups() if name.isdecimal()}
    if groups and (len(groups) == 1 or wanted.series is not None):
        number = str(wanted.series or 0)
        if number not in groups:
            raise StackError(
                f"{path} has no series {number}: it has {', '.join(sorted(groups))}."
            )
        return _from_node(path, groups[number], replace(wanted, series=None))
    if groups:
        raise StackError(
            f"{path} holds {len(groups)} images. Say which with --series N (in Python, "
            f"series=N): {', '.join(sorted(groups, key=int))}."
        )
    raise StackError(
        f"{path} is a Zarr group that is no OME-Zarr image: {_listed(path, node)}"
    )


def _listed(path: Path, node: Any) -> str:
    """Say what can be opened inside, by its whole name."""
    if hasattr(node, "shape"):
        return "it is an array itself. Leave the name out."
    found = node.members(max_depth=_DEEPEST_LISTED)
    arrays = sorted(name for name, one in found if hasattr(one, "shape"))
    if arrays:
        return f"give one of the arrays in it, as {path}::NAME: {_some(arrays)}."
    deep = sorted(name for name, _ in found if name.count("/") == _DEEPEST_LISTED)
    if deep:
        return (
            "if it has arrays, they are deep in its groups. Look into one of these, as "
            f"{path}::NAME: {_some(deep)}."
        )
    return "there are no arrays in it."


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _array_names(array: Any) -> str:
    """Use the names of Zarr 3, or of xarray, where each of them is known."""
    told = getattr(array.metadata, "dimension_names", None)
    told = told or array.attrs.get(_OF_XARRAY)
    told = told if isinstance(told, list | tuple) else ()
    named = [str(name or "").lower() for name in told]
    letters = [_NAMES_BY_TYPE.get(name, name) for name in named]
    if len(letters) == array.ndim and all(len(letter) == 1 for letter in letters):
        return "".join(letters)
    return guess_axis_names(array.shape)


def _ome_axes(image: Mapping[str, Any], shape: tuple[int, ...]) -> Axes:
    described = image.get("axes") or list(guess_axis_names(shape))
    if len(described) != len(shape):
        raise StackError(
            f"The image names {len(described)} axes, but its array has {len(shape)}."
        )
    scales = _scales(image, len(shape))
    return tuple(
        _ome_axis(axis, size, scale)
        for axis, size, scale in zip(described, shape, scales, strict=True)
    )


def _ome_axis(described: Any, size: int, scale: float) -> Axis:
    if isinstance(described, str):  # 0.3 named axes without types and units
        described = {"name": described}
    letter = _letter(str(described.get("name", "")).lower(), described.get("type"))
    if not 0 < scale < math.inf:
        return Axis(letter, size)
    return Axis(letter, size, scale, unit_name(str(described.get("unit") or "")))


def _letter(name: str, kind: object) -> str:
    """Return the letter of an axis; that of a tile or a scene is no time or colour."""
    known = _NAMES_BY_TYPE.get(str(kind)) or _NAMES_BY_TYPE.get(name)
    if known is not None:
        return known
    is_own = kind == "space" or len(name) == 1 or name[1:2] == "_"  # as a_0 and a_1 are
    return name[:1] if name and (is_own or name[0] not in _MEANT) else "q"


def _scales(image: Mapping[str, Any], ndim: int) -> Sequence[float]:
    """Multiply the scales of the level and of the whole image."""
    scales = [1.0] * ndim
    for holder in (image["datasets"][0], image):
        for transform in holder.get("coordinateTransformations", ()):
            if transform.get("type") == "scale" and len(transform["scale"]) == ndim:
                factors = transform["scale"]
                scales = [s * float(f) for s, f in zip(scales, factors, strict=True)]
    return scales
