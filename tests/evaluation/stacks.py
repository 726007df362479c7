"""Stacks on disk, and truths in memory, that tests of evaluation share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tifffile

from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.evaluation.labels import StackLabels
from napari_sam2.evaluation.truth import Truth
from tests.conftest import discs


def two_discs(count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Draw two discs, of which the second vanishes for the last two frames."""
    image, labels = discs(count, (48, 64))
    labels[-2:][labels[-2:] == 2] = 0
    return image, labels


def write_plain(
    folder: Path, image: np.ndarray, labels: np.ndarray, **meta: object
) -> Path:
    """Write a stack in the plain layout."""
    folder.mkdir(parents=True)
    tifffile.imwrite(folder / "image.tif", image)
    tifffile.imwrite(folder / "labels.tif", labels)
    if meta:
        (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def truth_of(labels: np.ndarray, image: np.ndarray | None = None, **more) -> Truth:
    """Return a truth in memory; the labels are the picture when there is none."""
    frames = ArrayFrames(labels if image is None else image)
    known = frozenset(range(len(labels)))
    source = StackLabels(ArrayFrames(labels))
    fields = {"name": "made", "kind": "time-lapse", "known": known} | more
    return Truth(frames=frames, labels=source, **fields)
