"""Overlap of volumes followed along one axis, and along two or three and fused.

Run ``python -m tests.benchmarks.bench_fusion [FOLDER]``: the folder holds a folder per
volume with ``image.tif`` and ``labels.tif``, (Z, Y, X); by default the samples that are
volumes are measured. Every object is prompted once, on the slice in which it is
largest; overlaps are of whole volumes, J = intersection / union. Times are those of one
core: set ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from napari_sam2.control.volumes.fusing import AcrossAxes, Orientation
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import NOWHERE
from napari_sam2.core.results import FrameResult
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.evaluation.asking import first_prompts
from napari_sam2.io.files.position_files import PositionFiles
from napari_sam2.model.sam2 import Sam2Model

SAMPLES = Path(__file__).parents[2] / "sample_data"
VOLUMES = ("cells3d_nuclei", "mni152_t1")
DIMS = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}


@dataclass(frozen=True)
class Row:
    """Mean J along z, and fused along z and y, and along all three."""

    objects: int
    along_z: float
    zy: float
    zyx: float
    seconds: tuple[float, float]


def volumes(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield name, image and labels of every volume in a folder."""
    for labels in sorted(folder.glob("*/labels.tif")):
        yield labels.parent.name, labels.with_name("image.tif"), labels
    for name in VOLUMES:
        labels = folder / f"{name}_labels.tif"
        if labels.exists():
            yield name, folder / f"{name}.tif", labels


def chosen(labels: np.ndarray, count: int) -> list[int]:
    """Choose objects evenly over the range of sizes, but for the smallest."""
    ids, sizes = np.unique(labels[labels > 0], return_counts=True)
    by_size = [int(i) for _, i in sorted(zip(sizes, ids, strict=True))]
    if len(by_size) <= count:
        return by_size
    picks = np.linspace(0.15 * len(by_size), len(by_size) - 1, count).round()
    return [by_size[int(k)] for k in picks]


def asked(labels: np.ndarray, ids: list[int], kind: str) -> dict:
    """Prompt every object on the slice in which it is largest."""
    prompts = {}
    for object_id in ids:
        true = labels == object_id
        frame = int(true.sum((1, 2)).argmax())
        prompts[object_id, frame] = first_prompts(kind, true[frame])
    return prompts


def overlaps(results: Iterator[FrameResult], labels: np.ndarray, ids: list[int]):
    """Return the J of every object in the whole volume."""
    inter, area = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    for result in results:
        for one in result:
            true = labels[one.frame][one.slices] == one.object_id
            inter[one.object_id] += np.count_nonzero(true & one.crop)
            area[one.object_id] += one.area
    sizes = {i: np.count_nonzero(labels == i) for i in ids}
    return [inter[i] / (area[i] + sizes[i] - inter[i]) for i in ids]


def measure(model: Sam2Model, image: np.ndarray, labels: np.ndarray, kind: str,
            count: int, folder: Path) -> Row:  # fmt: skip
    """Follow objects of one volume along z, y and x, and fuse."""
    limits = estimate_limits(ArrayFrames(image))
    options = TrackerOptions(keeps_probabilities=True)
    ids = chosen(labels, count)
    prompts = asked(labels, ids, kind)
    orientations = []
    for name, dims in DIMS.items():
        turned = image.transpose(dims)
        kept = folder / name
        kept.mkdir()
        orientations.append(
            Orientation(
                name, dims, lambda _, turned=turned: ArrayFrames(turned),
                PositionFiles(kept, NOWHERE, turned.shape[1:]),
            )
        )  # fmt: skip

    def fused(along: int) -> tuple[list[float], float]:
        segment = AcrossAxes(
            tuple(orientations[:along]),
            lambda frames: VideoTracker(model, frames, limits=limits, options=options),
        )
        began = time.process_time()
        found = [one for one in segment((), prompts) if isinstance(one, FrameResult)]
        return overlaps(iter(found), labels, ids), time.process_time() - began

    _, alone = fused(1)  # what one axis gives is kept, and not done again
    one = overlaps(orientations[0].store.results(()), labels, ids)
    two, second = fused(2)
    three, third = fused(3)
    means = (statistics.fmean(found) for found in (one, two, three))
    return Row(len(ids), *means, (alone, alone + second + third))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--objects", type=int, default=3)
    parser.add_argument("--prompts", default="box,click")
    parser.add_argument("--only", default="", help="names that begin like this")
    args = parser.parse_args()
    model = load_model(args.model, device="cpu")
    print("| volume | prompt | objects | z | z, y fused | z, y, x fused | time |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, image_path, labels_path in volumes(args.folder):
        if not name.startswith(args.only):
            continue
        image, labels = tifffile.imread(image_path), tifffile.imread(labels_path)
        for kind in args.prompts.split(","):
            with tempfile.TemporaryDirectory() as folder:
                row = measure(model, image, labels, kind, args.objects, Path(folder))
            times = row.seconds[1] / row.seconds[0]
            print(
                f"| {name} | {kind} | {row.objects} | {row.along_z:.3f} | {row.zy:.3f} "
                f"| {row.zyx:.3f} | {times:.1f} × |",
                flush=True,
            )


if __name__ == "__main__":
    main()
