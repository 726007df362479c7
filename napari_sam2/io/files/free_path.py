"""Names for files beside others of the same name."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_LONG = (".ome.tif", ".ome.tiff", ".ome.zarr", ".nii.gz", ".adapter.safetensors")
"""Endings of two parts; a point elsewhere may be one of a number, ``2.5 um``."""


def free_path(path: Path) -> Path:
    """Return a path at which nothing is: this one, or a numbered one beside it.

    The number stands before the ending: ``labels 2.ome.tif``.

    Parameters
    ----------
    path : Path
        Where something goes if it can.
    """
    if not path.exists():
        return path
    ending = next((one for one in _LONG if path.name.lower().endswith(one)), "")
    ending = path.name[-len(ending) :] if ending else path.suffix
    stem = path.name.removesuffix(ending)
    numbered = (path.with_name(f"{stem} {number}{ending}") for number in count(2))
    return next(one for one in numbered if not one.exists())
