"""The file that a layer shows, and what an image is called by those who note it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import Sam2Error
from napari_sam2.io.samples import load_sample
from napari_sam2.project.image_paths import exists
from napari_sam2.project.values import key_in_file

if TYPE_CHECKING:
    from napari.layers import Image

_NUMBER = re.compile(r"(?<=.) \[\d+\]$")
DATASET_KEY = "napari_sam2_dataset"
"""In a layer's metadata: which dataset of its file it shows."""
SERIES_KEY = "napari_sam2_series"
"""In a layer's metadata: which image of its file, or series of its folder, it shows."""
PATH_KEY = "napari_sam2_path"
"""In a layer's metadata: its file, where napari does not know it."""


def layer_path(layer: Image) -> Path | None:
    """Return the file or folder that a layer came from; None for one in memory.

    What is gone, or lies where nobody may look, is None as well.
    """
    source = layer.source
    given = layer.metadata.get(PATH_KEY) or source.path
    if given:
        path = Path(given).absolute()
        return path if exists(path) else None
    if source.sample and source.sample[0] == "napari-sam2":
        try:
            return load_sample(source.sample[1]).stack
        except Sam2Error:
            return None
    return None


def image_key(layer: Image) -> str:
    """Return what tells the image of a layer from others: its file, or its name."""
    path = layer_path(layer)
    if path is None:
        return str(layer.name)
    dataset, series = map(layer.metadata.get, (DATASET_KEY, SERIES_KEY))
    return key_in_file(str(path), dataset, series)


def shows_file(layer: Image, path: Path | None) -> bool:
    """Whether a layer came from a file, whichever way leads there."""
    mine = layer_path(layer)
    try:
        return mine is not None and path is not None and mine.samefile(path)
    except OSError:
        return False


def image_name(layer: Image) -> str:
    """Return what files call the image of a layer.

    The number that napari gives a second layer of one name is of this window only.
    """
    name, path = str(layer.name), layer_path(layer)
    if path is None or name in (path.name, path.stem):
        return name
    return _NUMBER.sub("", name)
