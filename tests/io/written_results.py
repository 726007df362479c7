"""Labels written in any format of results, for what reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.provenance import Provenance
from napari_sam2.core.results import FrameResult
from napari_sam2.io.writing.result_format import ResultHeader
from napari_sam2.io.writing.result_formats import find_result_format
from tests.io.label_results import results_from_labels

MADE = Provenance("2026-01-02", {"napari-sam2": "0"}, "nano", image={"name": "cells"})
LABELS = np.zeros((7, 20, 30), np.uint32)
for _t in (0, 1, 4, 6):  # object 2 vanishes twice, object 9 comes last
    LABELS[_t, 2 : 8 + _t, 3:20] = 2
LABELS[5:, 15:, 25:] = 9


def header_of(axes, *, ids=(2, 9)) -> ResultHeader:
    names = {one: f"cell {one}" for one in ids}
    shape = tuple(axis.size for axis in axes)
    image = ArrayFrames(np.ones(shape, np.uint8)) if len(shape) == 3 else None
    return ResultHeader(axes, names, MADE, image)


def write(name: str, folder: Path, labels=LABELS, axes=None, **changes) -> Path:
    one = find_result_format(name)
    path = folder / f"out{one.suffixes[0] if one.suffixes else ''}"
    axes = axes or axes_from_shape(labels.shape, "tyx")
    ids = tuple(np.unique(labels[labels > 0]).tolist()) or (1,)
    header = replace(header_of(axes, ids=ids), **changes)
    planes = labels.reshape(-1, *labels.shape[-2:])
    with one.open(path, header, overwrite=False) as writer:
        for frame, plane in enumerate(planes):
            if plane.any():  # frames without masks never come
                found = FrameResult(frame, results_from_labels(plane, frame))
                writer.write(found, plane.astype(np.uint32))
    return path
