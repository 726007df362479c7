"""How well it is noticed that an object has gone from one position to the next.

Run ``python -m tests.benchmarks.bench_seeds [FOLDER]``: the folder is one of
``bench_fusion``. The slice that shows an object best is one position; at the next one
the whole slice is shifted by a few pixels, or the object is painted over with what lies
around it. Printed is the share of objects that are carried on, as they should be and as
they should not, when they are followed there, and when there and back.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from unittest import mock

import numpy as np
import tifffile
from scipy import ndimage

from napari_sam2.control.positions import seeding
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.results import mask_result
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.tracker import VideoTracker
from tests.benchmarks.bench_fusion import SAMPLES, volumes

SHIFT_YX = 3, -2
SMALLEST, LARGEST_SHARE = 60, 0.3


def painted_over(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a slice in which an object is replaced by what lies around it."""
    ring = ndimage.binary_dilation(mask, iterations=4)
    ring &= ~ndimage.binary_dilation(mask)
    hole = ndimage.binary_dilation(mask, iterations=2)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2 * image[ring].std() + 1e-3, np.count_nonzero(hole))
    changed = image.copy()
    changed[hole] = np.percentile(image[ring], 30) + noise
    return changed


def is_carried(model, limits, before, after, mask) -> tuple[bool, bool]:
    """Return whether an object is carried on without, and with, the way back."""

    def make_tracker(frames):
        return VideoTracker(model, frames, limits=limits)

    cut = mask_result(mask, object_id=1, frame=0, predicted_iou=0.9, object_logit=5.0)
    stacks = (ArrayFrames(one[None]) for one in (before, after))
    pair = tuple(stacks)
    with mock.patch.object(seeding, "_LEAST_RETURN", 0.0):
        there = bool(seeding.seed_across({1: cut}, *pair, make_tracker))
    back = bool(seeding.seed_across({1: cut}, *pair, make_tracker))
    return there, back


def measure(model, image: np.ndarray, labels: np.ndarray, count: int) -> list:
    """Return what is carried on of the largest objects: (shifted, gone) of each."""
    limits = estimate_limits(ArrayFrames(image))
    sizes = np.bincount(labels.ravel())[1:]
    rows = []
    for object_id in (np.argsort(-sizes)[:count] + 1).tolist():
        frame = int((labels == object_id).sum((1, 2)).argmax())
        mask, here = labels[frame] == object_id, image[frame].astype(np.float32)
        if mask.sum() < SMALLEST or mask.mean() > LARGEST_SHARE:
            continue
        shifted = np.roll(here, SHIFT_YX, (0, 1))
        gone = painted_over(here, mask)
        rows.append(
            [is_carried(model, limits, here, one, mask) for one in (shifted, gone)]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--objects", type=int, default=12)
    parser.add_argument("--only", default="", help="names that begin like this")
    args = parser.parse_args()
    model = load_model(args.model, device="cpu")
    print("| volume | objects | shifted: there | and back | gone: there | and back |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, image_path, labels_path in volumes(args.folder):
        if not name.startswith(args.only):
            continue
        image, labels = tifffile.imread(image_path), tifffile.imread(labels_path)
        rows = measure(model, image, labels, args.objects)
        if rows:
            cells = [
                f"{statistics.fmean(row[kind][way] for row in rows):.2f}"
                for kind in (0, 1)
                for way in (0, 1)
            ]
            print(f"| {name} | {len(rows)} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
