"""Names for files beside others of the same name."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def free_path(path: Path) -> Path:
    """Return a path at which nothing is: this one, or a numbered one beside it.

    The number stands before the ending, ``labels 2.ome.tif``, which may tell a format
    by two of its parts.

    Parameters
    ----------
    path : Path
        Where something goes if it can.
    """
    if not path.exists():
        return path
    ending = "".join(path.suffixes[-2:])
    stem = path.name.removesuffix(ending)
    numbered = (path.with_name(f"{stem} {number}{ending}") for number in count(2))
    return next(one for one in numbered if not one.exists())
