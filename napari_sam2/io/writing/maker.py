"""The name of this program in pictures, by which its own are told from others'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari_sam2

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "napari-sam2"
MAKER = f"{_NAME} {napari_sam2.__version__}"
# In TIFF the places of strips come first, a few bytes each.
_START_BYTES = 1 << 16


def tells_maker(path: Path) -> bool:
    """Whether a picture says at its start that it was written here.

    Pictures of others have the same names: frames of a film are 00000.png, too.
    """
    try:
        with path.open("rb") as file:
            return _NAME.encode() in file.read(_START_BYTES)
    except OSError:
        return False
