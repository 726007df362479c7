"""Folders of generated pictures, as both sides of a comparison read them."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from PIL import Image

from napari_sam2.benchmarking import ours
from napari_sam2.benchmarking.footage import PICTURE_COUNT, picture
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.model.sam2 import Sam2Model


def write_folder(folder: Path, count: int, size: int) -> None:
    """Write ``count`` JPEG frames, of which few are distinct, to spare the disk."""
    folder.mkdir(parents=True)
    for t in range(count):
        path = folder / f"{t:05d}.jpg"
        if t < PICTURE_COUNT:
            Image.fromarray(picture(t, size)).save(path, quality=95)
        else:
            _link(folder / f"{t % PICTURE_COUNT:05d}.jpg", path)


def open_ours(
    model: Sam2Model, folder: Path, options: TrackerOptions = EXACT
) -> VideoTracker:
    """Open a session of ours on a folder of pictures."""
    return ours.start(model, stack_frames(open_stack(folder)), options)


def open_reference(predictor: Any, folder: Path) -> dict[str, Any]:
    """Open a session of the reference on a folder, as its users do."""
    import sam2.utils.misc as module

    module.tqdm = lambda frames, **_: frames  # a bar that cannot be turned off
    return predictor.init_state(str(folder))


def _link(original: Path, path: Path) -> None:
    try:
        os.link(original, path)
    except OSError:  # a file system without hard links
        shutil.copyfile(original, path)
