"""Pictures of a folder that have another size than its first, told at the start.

Otherwise a run over many would break off where it comes to the first of them. Headers
are read and no pixels, and of very many pictures, or on a slow disk, those of some.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.reading.picture_files import TIFF_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SizeHw: TypeAlias = "tuple[int, int]"

_SECONDS = 0.25
_ANYWAY = 3  # are looked at however long that takes


def odd_picture_notices(files: Sequence[Path]) -> tuple[str, ...]:
    """Tell pictures that are not as large as the first one; empty where all are.

    Parameters
    ----------
    files : sequence of Path
        In the order of frames.
    """
    first = _size_hw(files[0])
    if first is None:
        return ()
    odd = sorted(
        (frame, size)
        for frame, size in _sizes(files)
        # on its side it may be meant to be turned, which its header does not say
        if sorted(size) != sorted(first)
    )
    if not odd:
        return ()
    frame, (height, width) = odd[0]
    more = f" (and {len(odd) - 1} more are of other sizes)" if len(odd) > 1 else ""
    return (
        f"The picture {files[frame].name}, frame {frame}, is {height} × {width} "
        f"pixels, but the first one of the folder is {first[0]} × {first[1]}{more}: it "
        "cannot be used. Convert it, or move it elsewhere.",
    )


def _sizes(files: Sequence[Path]) -> Iterator[tuple[int, SizeHw]]:
    """Yield numbers and sizes of pictures, from all over the folder."""
    end = time.monotonic() + _SECONDS
    others = random.Random(0).sample(range(1, len(files)), len(files) - 1)
    for done, frame in enumerate(others):
        if done >= _ANYWAY and time.monotonic() > end:
            return
        size = _size_hw(files[frame])
        if size is not None:
            yield frame, size


def _size_hw(path: Path) -> SizeHw | None:
    """Return height and width as they are stored; None where they cannot be read."""
    # what is damaged is told when it is read
    with suppress(FrameError), decoding(FrameError, f"{path} has no size"):
        return _of_tiff(path) if path.suffix.lower() in TIFF_SUFFIXES else _of(path)
    return None


def _of_tiff(path: Path) -> SizeHw:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        return int(page.imagelength), int(page.imagewidth)


def _of(path: Path) -> SizeHw:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.height, picture.width
