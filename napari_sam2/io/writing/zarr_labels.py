"""Labels as OME-Zarr 0.4 and 0.5, as a pyramid, through the optional ``zarr``."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import distinct_names
from napari_sam2.core.json_text import parse_json
from napari_sam2.io.extras import optional_package
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.output import naming_output
from napari_sam2.io.pictures.palette import object_colour
from napari_sam2.io.writing.label_writer import label_dtype

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes, Axis
    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import OpenWriter, ResultHeader

_CHUNK = 1024
# Levels are added until a plane has no longer side.
_SMALL = 512
# Where attributes are: of the third version of Zarr, and of the second.
_DESCRIPTIONS = "zarr.json", ".zattrs"
_OURS = "napari-sam2"
_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


@dataclass(frozen=True, slots=True)
class _Pyramid:
    """Writes each plane at every level. Made by :func:`zarr_labels`."""

    path: Path
    levels: tuple[Any, ...]

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        for level, array in enumerate(self.levels):
            index = np.unravel_index(result.frame, array.shape[:-2])
            # A label of the plane, never a mixture: the first pixel of each block, so
            # that pixel i lies where pixel i * 2 ** level does.
            part = labels[:: 2**level, :: 2**level].astype(array.dtype)
            with naming_output(self.path):
                array[(*map(int, index), slice(None), slice(None))] = part


def zarr_labels(version: str) -> OpenWriter:
    """Return what opens label pyramids of a version of OME-Zarr, 0.4 or 0.5."""
    return partial(_open_pyramid, version)


@contextmanager
def _open_pyramid(
    version: str, path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Pyramid]:
    zarr = optional_package("zarr", "zarr", path, "Writing")
    with atomic_folder(path, _is_ours, overwrite=overwrite) as folder:
        levels = _make_levels(zarr, folder, header, version)
        yield _Pyramid(path, levels)
        attributes = _attributes(path.name, header, len(levels), version)
        root = zarr.open_group(folder, mode="r+")
        root.attrs.update(attributes)


def _is_ours(path: Path) -> bool:
    is_usual = path.name in (*_DESCRIPTIONS, ".zgroup") or path.name.isdigit()
    return is_usual and _holds_our_labels(path.parent)


def _holds_our_labels(folder: Path) -> bool:
    """Whether a Zarr says that it was written here: an image of others looks alike."""
    for name in _DESCRIPTIONS:
        try:
            described = parse_json((folder / name).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(described, dict) and _OURS in (
            described.get("attributes", described) or ()
        ):
            return True
    return False


def _make_levels(
    zarr: Any, folder: Path, header: ResultHeader, version: str
) -> tuple[Any, ...]:
    """Make an empty array for each level; chunks without labels are never written."""
    zarr_format = 2 if version == "0.4" else 3
    root = zarr.open_group(folder, mode="w", zarr_format=zarr_format)
    height, width = header.shape_hw
    levels: list[Any] = []
    step = 1
    while step == 1 or max(height, width) > _SMALL * step // 2:
        plane = -(-height // step), -(-width // step)
        shape = (*header.shape[:-2], *plane)
        options: dict[str, Any] = (
            {"dimension_names": list(distinct_names(header.axes))}
            if zarr_format == 3
            else {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        )
        levels.append(
            root.create_array(
                str(len(levels)),
                shape=shape,
                dtype=label_dtype(header.largest_id),
                chunks=(*(1 for _ in shape[:-2]), *(min(n, _CHUNK) for n in plane)),
                fill_value=0,
                **options,
            )
        )
        step *= 2
    return tuple(levels)


def _attributes(
    name: str, header: ResultHeader, levels: int, version: str
) -> dict[str, Any]:
    multiscale = {
        "name": name,
        "axes": [
            _described(own, axis)
            for own, axis in zip(distinct_names(header.axes), header.axes, strict=True)
        ],
        "datasets": [_dataset(header.axes, level) for level in range(levels)],
        "type": "nearest",
        "metadata": {"description": "every second pixel of the level before"},
    }
    content: dict[str, Any] = {
        "multiscales": [multiscale],
        "image-label": _image_label(header),
    }
    known = header.provenance
    made = {_OURS: {} if known is None else json.loads(known.as_json())}
    if version != "0.4":
        return {"ome": {"version": version, **content}, **made}
    multiscale["version"] = content["image-label"]["version"] = version
    return {**content, **made}


def _described(name: str, axis: Axis) -> dict[str, str]:
    kind, unit = _TYPES.get(axis.name), axis.unit
    return {
        "name": name,
        **({"type": kind} if kind else {}),
        **({"unit": unit} if unit else {}),
    }


def _dataset(axes: Axes, level: int) -> dict[str, Any]:
    factors = [*(1 for _ in axes[:-2]), 2**level, 2**level]
    scale = [axis.scale * factor for axis, factor in zip(axes, factors, strict=True)]
    transformations = [{"type": "scale", "scale": scale}]
    return {"path": str(level), "coordinateTransformations": transformations}


def _image_label(header: ResultHeader) -> dict[str, Any]:
    return {
        "colors": [
            {"label-value": one, "rgba": [*object_colour(one), 255]}
            for one in sorted(header.names)
        ],
        "properties": [
            {"label-value": one, "name": header.names[one]}
            for one in sorted(header.names)
        ],
    }
