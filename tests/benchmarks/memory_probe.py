"""Track objects through a folder in a process of its own; print its peak memory.

``python memory_probe.py reference|ours MODEL IMAGE_SIZE FOLDER THREADS OBJECTS``
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from folders import open_ours, open_reference

from napari_sam2.benchmarking.footage import place_yx
from napari_sam2.benchmarking.footprint import process_peak_bytes
from napari_sam2.benchmarking.models import open_model
from napari_sam2.model.sam2 import Sam2Model

# The default bound, 512 MiB, is only reached by long runs. This one is reached within a
# hundred frames, 64 of nano at 256 pixels: a longer run must not take more then.
CACHE_MIB = 32


def main(side: str, name: str, image_size: int, folder: Path, objects: int) -> None:
    """Run one side to the end of the folder and print the peak in MiB."""
    model, _ = open_model(name, device="cpu", image_size=image_size)
    assert isinstance(model, Sam2Model)
    (_run_ours if side == "ours" else _run_reference)(model, folder, objects)
    print(process_peak_bytes() / 2**20)


def _run_reference(model: Sam2Model, folder: Path, objects: int) -> None:
    from napari_sam2.benchmarking import reference

    predictor = reference.build_predictor(model)
    del model
    state = open_reference(predictor, folder)
    for index in range(objects):
        where = place_yx(index)
        reference.click(predictor, state, object_id=index + 1, frame=0, yx=where)
    for _ in reference.propagate(predictor, state, start=0):
        pass


def _run_ours(model: Sam2Model, folder: Path, objects: int) -> None:
    from napari_sam2.benchmarking import ours
    from napari_sam2.engine.options import EXACT

    options = replace(EXACT, feature_cache_bytes=CACHE_MIB << 20)
    tracker = open_ours(model, folder, options)
    for index in range(objects):
        ours.click(tracker, object_id=index + 1, frame=0, yx=place_yx(index))
    for _ in ours.propagate(tracker, range(len(tracker.frames))):
        pass


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[5]))
    size, count = int(sys.argv[3]), int(sys.argv[6])
    main(sys.argv[1], sys.argv[2], size, Path(sys.argv[4]), count)
