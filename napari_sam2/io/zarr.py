"""Zarr arrays and OME-Zarr images (0.4 and 0.5), through the optional ``zarr``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import Axes, Axis, axes_from_shape, guess_axis_names
from napari_sam2.core.errors import MissingExtraError, StackError
from napari_sam2.core.units import unit_name
from napari_sam2.io.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MARKERS = ("zarr.json", ".zgroup", ".zarray")
_NAMES_BY_TYPE = {"time": "t", "channel": "c"}


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return path.is_dir() and any((path / marker).is_file() for marker in _MARKERS)


def open_zarr(path: Path) -> Opened:
    """Open an array, or the full-resolution level of an OME-Zarr image.

    Raises
    ------
    MissingExtraError
        If ``zarr`` is not installed.
    StackError
        If there is no array to open, or several to choose from.
    """
    try:
        import zarr
    except ImportError as error:
        raise MissingExtraError(
            f"Opening {path} needs the package zarr: pip install 'napari-sam2[zarr]'."
        ) from error
    try:
        node = zarr.open(path, mode="r")
        return _from_node(path, node)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackError(f"{path} cannot be opened as Zarr: {error}.") from error


def _from_node(path: Path, node: Any) -> Opened:
    if hasattr(node, "shape"):
        return Opened(node, axes_from_shape(node.shape, _array_names(node)))
    attributes = dict(node.attrs)
    images = attributes.get("ome", attributes).get("multiscales")
    if images:
        array = node[images[0]["datasets"][0]["path"]]
        return Opened(array, _ome_axes(images[0], array.shape))
    arrays = dict(node.arrays())
    if len(arrays) != 1:
        listed = ", ".join(sorted(arrays)) or "none"
        raise StackError(
            f"{path} is a Zarr group that is no OME-Zarr image. Give the path of one "
            f"of the arrays in it: {listed}."
        )
    return _from_node(path, next(iter(arrays.values())))


def _array_names(array: Any) -> str:
    """Use the dimension names of Zarr 3 where they are single letters."""
    named = getattr(array.metadata, "dimension_names", None) or ()
    letters = [str(name or "").lower() for name in named]
    if letters and all(len(letter) == 1 for letter in letters):
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
        return Axis(described.lower(), size, scale)
    kind, name = described.get("type", ""), str(described.get("name", "q")).lower()
    unit = unit_name(str(described.get("unit") or ""))
    return Axis(_NAMES_BY_TYPE.get(kind, name[:1] or "q"), size, scale, unit)


def _scales(image: Mapping[str, Any], ndim: int) -> Sequence[float]:
    """Multiply the scales of the level and of the whole image."""
    scales = [1.0] * ndim
    for holder in (image["datasets"][0], image):
        for transform in holder.get("coordinateTransformations", ()):
            if transform.get("type") == "scale" and len(transform["scale"]) == ndim:
                factors = transform["scale"]
                scales = [s * float(f) for s, f in zip(scales, factors, strict=True)]
    return scales
