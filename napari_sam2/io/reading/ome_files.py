"""OME-TIFF: which image of a description, and which file of a set, a series is.

A description may tell of images that lie in other files, and of some that are nowhere.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# tifffile keeps a place for each; a few bytes of XML may ask for any number.
_MOST_PLANES = 10_000_000


def check_promised_planes(path: Path, file: Any) -> None:
    """Check, before series are asked for, that a description is no bomb.

    Parameters
    ----------
    path : Path
    file : tifffile.TiffFile
        The open file, of any flavour.

    Raises
    ------
    StackError
        If it tells of more planes than any files have.
    """
    planes = sum(map(_promised, _described(file)))
    if planes > _MOST_PLANES:
        raise StackError(
            f"{path} says that it has {planes:.3g} planes, more than "
            f"{_MOST_PLANES:,}: its description is damaged."
        )


def own_series(file: Any) -> int:
    """Return the first series of which some pages lie in the file that was opened.

    Parameters
    ----------
    file : tifffile.TiffFile
    """
    if file.is_ome:
        for number, series in enumerate(file.series):
            if any(page is not None and page.parent is file for page in series):
                return number
    return 0


def others_notices(path: Path, file: Any, number: int) -> tuple[str, ...]:
    """Tell which image is shown where there are others, here or in a set of files."""
    images = [one for one in file.series if not one.keyframe.is_reduced]
    count = len(file.series)
    if len(images) <= 1:  # others are thumbnails
        return ()
    which = "with --series N (in Python, series=N), counted from 0"
    if all(series.keyframe.parent is file for series in file.series):
        return (
            f"{path.name} holds {count} images. Image {number} is shown: choose "
            f"another one {which}.",
        )
    return (
        f"{path.name} belongs to a set of files. Image {number} of {count} is shown, "
        f"which lies in {path.name}: for the others open their files, or choose one "
        f"{which}.",
    )


def described_pixels(file: Any, number: int) -> ET.Element | None:
    """Return what a description says of the pixels of a series.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open OME-TIFF.
    number : int
        Of the series: images of files that are missing have none.

    Returns
    -------
    Element or None
        None where there is no description, or more than one may be meant.
    """
    found = _described(file)
    if len(found) != len(file.series):
        name = file.series[number].name
        found = [(own, pixels) for own, pixels in found if own == name]
        return found[0][1] if len(found) == 1 else None
    return found[number][1]


@contextmanager
def opened_file_of(page: Any) -> Iterator[None]:
    """Open the file of a page, of which a set may have too many to keep them open."""
    handle = page.parent.filehandle
    if not handle.closed:
        yield
        return
    handle.open()
    try:
        yield
    finally:
        handle.close()


def _described(file: Any) -> list[tuple[str, ET.Element]]:
    """Return name and pixels of each image."""
    try:
        root = ET.fromstring(file.ome_metadata or "")
    except ET.ParseError:
        return []
    return [
        (image.get("Name", ""), pixels)
        for image in root.iterfind("{*}Image")
        for pixels in image.iterfind("{*}Pixels")
    ]


def _promised(described: tuple[str, ET.Element]) -> int:
    _, pixels = described
    sizes = (_count(pixels.get(f"Size{axis}")) for axis in "ZCT")
    runs = pixels.iterfind("{*}TiffData")
    told = (_count(run.get("PlaneCount") or run.get("NumPlanes")) for run in runs)
    return max(math.prod(sizes), sum(told))


def _count(text: str | None) -> int:
    """Return a number, 1 where it is none: tifffile says what is wrong with it."""
    try:
        return max(1, int(text or ""))
    except ValueError:
        return 1
