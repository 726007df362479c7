"""Overlap and speed with the tracking window off, on, and chosen by object size.

Run ``python -m tests.benchmarks.bench_window_mode [FOLDER]``: the folder holds a folder
per stack with ``image.tif`` and ``labels.tif``; by default the samples are measured.
Times are those of one core: set ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from napari_sam2.core.geometry import mask_box_yxyx
from napari_sam2.core.prompts import BoxPrompt, PointPrompt, Prompt
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions
from napari_sam2.evaluation.asking import innermost
from napari_sam2.evaluation.measures import jaccard
from napari_sam2.model.sam2 import Sam2Model

SAMPLES = Path(__file__).parents[2] / "sample_data"
MODES = ("off", "auto", "on")


@dataclass(frozen=True)
class Score:
    """Mean J on the prompted frame and after it, and seconds per frame."""

    start: float
    tracked: float
    seconds: float


def stacks(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield name, image and labels of every stack in a folder."""
    for labels in sorted(folder.glob("*/labels.tif")):
        yield labels.parent.name, labels.with_name("image.tif"), labels
    for labels in sorted(folder.glob("*_labels.tif")):
        name = labels.name.removesuffix("_labels.tif")
        yield name, labels.with_name(f"{name}.tif"), labels


def chosen(labels: np.ndarray, frame: int, count: int) -> list[int]:
    """Choose objects of a frame evenly over the range of sizes."""
    ids, areas = np.unique(labels[frame], return_counts=True)
    by_size = [int(i) for _, i in sorted(zip(areas, ids, strict=True)) if i > 0]
    if len(by_size) <= count:
        return by_size
    return [by_size[int(k)] for k in np.linspace(0, len(by_size) - 1, count).round()]


def prompt(kind: str, object_id: int, frame: int, mask: np.ndarray) -> Prompt:
    """Return what is said about an object: its box, or a click at its middle."""
    if kind == "click":
        return PointPrompt(object_id, frame, innermost(mask))
    box = mask_box_yxyx(mask)
    assert box is not None
    y0, x0, y1, x1 = box
    return BoxPrompt(object_id, frame, (y0 - 0.25, x0 - 0.25, y1 + 0.25, x1 + 0.25))


def score(
    model: Sam2Model, image: np.ndarray, labels: np.ndarray, kind: str, mode: str,
    *, objects: int, frames: int,
) -> Score:  # fmt: skip
    """Measure one stack from its most crowded frame on."""
    options = TrackerOptions(window=WindowOptions(mode=mode))
    tracker = VideoTracker(model, image, options=options)
    last = max(1, len(labels) - frames + 1)
    first = max(range(last), key=lambda t: len(np.unique(labels[t])))
    start = []
    for object_id in chosen(labels, first, objects):
        mask = labels[first] == object_id
        answer = tracker.add(prompt(kind, object_id, first, mask))
        start.append(jaccard(answer.mask, mask))
    span = range(first, min(first + frames, len(labels)))
    began, tracked = time.process_time(), []
    for result in tracker.propagate(direction="forward", frames=span):
        for one in result:
            if one.frame > first:
                truth = labels[one.frame] == one.object_id
                tracked.append(jaccard(one.mask, truth))
    seconds = (time.process_time() - began) / len(span)
    return Score(statistics.fmean(start), statistics.fmean(tracked or start), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--objects", type=int, default=5)
    parser.add_argument("--frames", type=int, default=10)
    args = parser.parse_args()
    model = load_model(args.model, device="cpu")
    print("| stack | prompt | " + " | ".join(MODES) + " |")
    print("|---|---|" + "---|" * len(MODES))
    for name, image_path, labels_path in stacks(args.folder):
        image, labels = tifffile.imread(image_path), tifffile.imread(labels_path)
        for kind in ("box", "click"):
            scores = [
                score(
                    model, image, labels, kind, mode,
                    objects=args.objects, frames=args.frames,
                )
                for mode in MODES
            ]  # fmt: skip
            cells = [f"{s.start:.2f} {s.tracked:.2f} {s.seconds:.2f} s" for s in scores]
            print(f"| {name} | {kind} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
