"""Compare ONNX Runtime with PyTorch on the processor: speed, and what masks lose.

Run ``python -m tests.benchmarks.bench_onnx``. It first exports the bundled model, and
SAM 2.1 tiny of seeded noise at 512 pixels, which takes a quarter of an hour;
``--folders DIR`` keeps them for the next time. All sides take turns frame by frame in
one process, with two threads each. Times are medians; ratios to PyTorch are medians of
the ratios of single turns, by the clock, and in brackets by the processor's time, which
other programs disturb less.

Masks are those of the samples' own prompts, followed both ways: J with PyTorch's masks
on all frames but the prompted ones, and J with the true masks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import torch

from napari_sam2.benchmarking.footage import BYTES, GeneratedFrames
from napari_sam2.benchmarking.models import seeded_model
from napari_sam2.core.prompts import BoxPrompt
from napari_sam2.core.results import FrameResult
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.network import Network
from napari_sam2.engine.onnx.export import export_onnx
from napari_sam2.engine.onnx.opening import open_network
from napari_sam2.engine.onnx.precision import COMPUTED_IN, GraphPrecision
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.weights import MANIFEST
from napari_sam2.evaluation.measures import jaccard
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import load_sample
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model

SAMPLES = ("bacteria_phase", "cells3d_nuclei", "mni152_t1")
OBJECTS = (1, 8)


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(arguments.threads)
    nano = load_model("nano", device="cpu")
    tiny = seeded_model(VARIANTS["sam2.1-tiny"].at_size(512))
    with tempfile.TemporaryDirectory() as scratch:
        home = arguments.folders or Path(scratch)
        for name, model in (("nano", nano), ("tiny-512", tiny)):
            sides = {"torch": model} | {
                precision: exported(model, home / f"{name}-{precision}", precision)
                for precision in COMPUTED_IN
            }
            print_speed(name, sides, arguments.rounds)
            if model is nano:
                print_masks(sides)


def exported(model: Sam2Model, folder: Path, precision: GraphPrecision) -> Network:
    """Return an exported model, which may be there already."""
    if not (folder / MANIFEST).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for _ in export_onnx(
            model, folder, weights_sha256="0" * 64, precision=precision
        ):
            pass
    return open_network(folder, device="cpu")


def print_speed(name: str, sides: dict[str, Network], rounds: int) -> None:
    """Print seconds of the image encoder, and per frame of several objects."""
    print(f"\n| {name}, seconds | " + " | ".join(sides) + " |")
    print("|---|" + "--:|" * len(sides))
    print_row("image encoder", encoder_times(sides, rounds))
    for count in OBJECTS:
        times = frame_times(sides, count, rounds)
        print_row(f"{count} object{'s' * (count > 1)}, per frame", times)


def print_row(what: str, times: dict[str, list[Spent]]) -> None:
    cells = []
    for turns in times.values():
        clock, processor = (
            median(
                theirs[kind] / ours[kind]
                for theirs, ours in zip(times["torch"], turns, strict=True)
            )
            for kind in (0, 1)
        )
        seconds = median(turn.clock for turn in turns)
        cells.append(f"{seconds:.3g}, {clock:.2f} × ({processor:.2f} ×)")
    print(f"| {what} | " + " | ".join(cells) + " |", flush=True)


class Spent(NamedTuple):
    """Seconds that something took, by the clock and of the processor's cores."""

    clock: float
    processor: float


def spent(work: Callable[[], object]) -> Spent:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - clock, time.process_time() - processor)


@torch.inference_mode()
def encoder_times(sides: dict[str, Network], rounds: int) -> dict[str, list[Spent]]:
    size = next(iter(sides.values())).config.image_size
    image = torch.randn(1, 3, size, size)
    times: dict[str, list[Spent]] = {side: [] for side in sides}
    for turn in range(rounds + 1):
        for side, network in sides.items():
            taken = spent(lambda network=network: network.encode_image(image))
            if turn:  # the first one warms up
                times[side].append(taken)
    return times


def frame_times(
    sides: dict[str, Network], objects: int, rounds: int
) -> dict[str, list[Spent]]:
    """Follow objects, each side one frame at a time, with full memories."""
    config = next(iter(sides.values())).config
    warm_up = config.pointer_count + 1
    frames = GeneratedFrames(warm_up + rounds + 1, config.image_size)
    runs = {side: walk(network, frames, objects) for side, network in sides.items()}
    times: dict[str, list[Spent]] = {side: [] for side in sides}
    for turn in range(len(frames)):
        for side, run in runs.items():
            taken = spent(lambda run=run: next(run))
            if turn > warm_up:
                times[side].append(taken)
    return times


def walk(
    network: Network, frames: GeneratedFrames, objects: int
) -> Iterator[FrameResult]:
    tracker = VideoTracker(network, frames, limits=BYTES)
    for object_id in range(1, objects + 1):
        y, x = frames.point_yx(object_id)
        tracker.add(BoxPrompt(object_id, 0, (y - 9, x - 9, y + 9, x + 9)))
    return tracker.propagate(direction="forward")


def print_masks(sides: dict[str, Network]) -> None:
    """Print how masks agree with those of PyTorch, and with the true ones."""
    rounded = [side for side in sides if side != "torch"]
    print("\n| J | " + " | ".join(sides) + " | ", end="")
    print(" | ".join(f"{side} with torch" for side in rounded) + " |")
    print("|---|" + "--:|" * (len(sides) + len(rounded)))
    for name in SAMPLES:
        masks = {side: followed(network, name) for side, network in sides.items()}
        truth = true_masks(name, masks["torch"])
        cells = [f"{mean_j(masks[side], truth):.3f}" for side in sides]
        cells += [f"{mean_j(masks[side], masks['torch']):.3f}" for side in rounded]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


Masks = dict[tuple[int, int], np.ndarray]


def followed(network: Network, name: str) -> Masks:
    """Return masks by frame and object, without the prompted ones."""
    sample = load_sample(name)
    prompts = read_prompts(sample.prompts).prompts
    tracker = VideoTracker(network, stack_frames(open_stack(sample.stack)))
    for prompt in prompts:
        tracker.add(prompt)
    prompted = {(prompt.frame, prompt.object_id) for prompt in prompts}
    return {
        (result.frame, one.object_id): one.mask
        for result in tracker.propagate()
        for one in result
        if (result.frame, one.object_id) not in prompted
    }


def true_masks(name: str, like: Masks) -> Masks:
    labels = read_labels(load_sample(name).labels)
    return {(frame, number): labels[frame] == number for frame, number in like}


def mean_j(masks: Masks, others: Masks) -> float:
    """Return the mean overlap where an object is in either."""
    return fmean(
        jaccard(mask, others[place])
        for place, mask in masks.items()
        if mask.any() or others[place].any()
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folders", type=Path, help="keep the exported models here")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
