"""The aims for a large GPU, row by row, as a table of what was reached.

python tests/benchmarks/bench_aims_gpu.py
python tests/benchmarks/bench_aims_gpu.py --only encoder --only eager

Rows that compare need Meta's sam2: see bench_reference.py. ``--device cpu`` runs
everything once, tiny and short, to see that it works; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from aims import Reached
from cases import ON_A_GPU, QUICK, Settings, one_object, sixteen_objects

from napari_sam2.benchmarking.clock import median_seconds
from napari_sam2.benchmarking.footage import BYTES, PICTURE_COUNT, picture, place_yx
from napari_sam2.benchmarking.footprint import peak_bytes, reset_peak
from napari_sam2.benchmarking.models import empty_model, open_model
from napari_sam2.benchmarking.parts import ENCODER, Part, network_parts
from napari_sam2.benchmarking.peaks import compute_dtype, measure_peaks
from napari_sam2.benchmarking.work import count_work
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.device import inference
from napari_sam2.engine.network import Network
from napari_sam2.engine.tracker import VideoTracker

OBJECTS = 16


@dataclass(frozen=True)
class Extent:
    """How much is run, and where.

    Attributes
    ----------
    variants : tuple of str
        The smaller and the larger model.
    settings : Settings
        Of what is compared with the reference.
    frames : int
        Of the long run.
    shape_hw : tuple of int
        Of its frames.
    """

    variants: tuple[str, str]
    settings: Settings
    frames: int
    shape_hw: tuple[int, int]


FULL = Extent(("tiny", "large"), ON_A_GPU, 2000, (1080, 1920))
SMOKE = Extent(("tiny", "tiny"), QUICK, 24, (108, 192))


class Footage:
    """Frames of any shape and number, of which few are drawn."""

    dtype, is_rgb = np.dtype(np.uint8), True

    def __init__(self, count: int, shape_hw: tuple[int, int]) -> None:
        self.count, self.shape_hw = count, shape_hw
        height, width = shape_hw
        self.drawn = [
            np.ascontiguousarray(picture(t, width)[:height])
            for t in range(0, PICTURE_COUNT, 8)
        ]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, frame: int) -> np.ndarray:
        return self.drawn[frame % len(self.drawn)]


def eager(extent: Extent) -> Iterator[Reached]:
    """Follow one object with both models, nothing compiled on either side."""
    for variant in extent.variants:
        row, *_ = one_object(replace(extent.settings, variant=variant))
        yield Reached(f"{variant}, one object, eager, ratio", row.ratio, 1.5)


def compiled(extent: Extent) -> Iterator[Reached]:
    """Follow one object with both models, both sides compiled."""
    for variant in extent.variants:
        settings = replace(extent.settings, variant=variant, compiled=True)
        row, *_ = one_object(settings)
        yield Reached(f"{variant}, one object, compiled, ratio", row.ratio, 1.5)


def sixteen(extent: Extent) -> Iterator[Reached]:
    """Follow sixteen objects with the larger model."""
    row, *_ = sixteen_objects(replace(extent.settings, variant=extent.variants[1]))
    yield Reached(f"{extent.variants[1]}, sixteen objects, ratio", row.ratio, 6)


def encoder(extent: Extent) -> Iterator[Reached]:
    """Encode frames with the larger model; the peak is that of a large product."""
    name, device = f"sam2.1-{extent.variants[1]}", extent.settings.device
    size = extent.settings.image_size
    model, _ = open_model(name, device=device, image_size=size)
    dtype = compute_dtype(model)
    peak = measure_peaks(model.device, dtype).flops_per_second
    part, empty = _encoder(model), _encoder(empty_model(model.config))
    flops = count_work(empty.call, dtype.itemsize).over(empty.frames).flops
    with inference(model):
        rate = flops * part.frames / median_seconds(part.call)
    print(f"(encoder {rate / 1e12:.1f}, large product {peak / 1e12:.1f} TFLOP/s)")
    yield Reached(f"{name}, encoder, share of the peak", rate / peak, 0.5)


def memory(extent: Extent) -> Iterator[Reached]:
    """Follow sixteen objects through a long film with the larger model."""
    name, settings = f"sam2.1-{extent.variants[1]}", extent.settings
    model, _ = open_model(name, device=settings.device, image_size=settings.image_size)
    frames = Footage(extent.frames, extent.shape_hw)
    tracker = VideoTracker(model, frames, limits=BYTES)
    for index in range(OBJECTS):
        y, x = place_yx(index)
        where = (y * extent.shape_hw[0], x * extent.shape_hw[1])
        tracker.add(PointPrompt(index + 1, 0, where))
    peaks, run = [], tracker.propagate(direction="forward")
    for end in (extent.frames // 2, extent.frames):
        reset_peak(model.device)
        for result in run:
            if result.frame == end - 1:
                break
        peaks.append(peak_bytes(model.device))
    what = f"{name}, {OBJECTS} objects, {extent.frames:,} frames"
    yield Reached(f"{what}, GPU memory, GiB", max(peaks) / 2**30, 6, False)
    yield Reached(f"{what}, second half / first", peaks[1] / peaks[0], 1.02, False)


def _encoder(model: Network) -> Part:
    with inference(model):
        parts = network_parts(model, (1,), 1)
        return next(part for part in parts if part.name == ENCODER)


ROWS: dict[str, Callable[[Extent], Iterator[Reached]]] = {
    "encoder": encoder,
    "eager": eager,
    "sixteen": sixteen,
    "memory": memory,
    "compiled": compiled,
}


def main() -> None:
    """Print the table, each row as soon as it is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(ROWS))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    options = parser.parse_args()
    extent = FULL if options.device == "cuda" else SMOKE
    print("| on a GPU | aim | measured | reached |\n|---|--:|--:|---|")
    for name in options.only or ROWS:
        for row in ROWS[name](extent):
            print(row, flush=True)


if __name__ == "__main__":
    main()
