"""The aims for two processor cores, row by row, as a table of what was reached.

python tests/benchmarks/bench_aims.py
python tests/benchmarks/bench_aims.py --only nano --only clicks

Rows that compare need Meta's sam2: see bench_reference.py. On two idle cores, all takes
about two hours: memory 30 (10,000 frames), compare-1024 35, compare-512 35, and
the others some minutes. What is rounded differs from what is exact only on processors
with units for bfloat16. ``--quick`` runs everything once, small, to see that it works.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from aims import Reached
from cases import QUICK, Settings, eight_objects, one_object, probe
from folders import write_folder

from napari_sam2.benchmarking.models import open_model
from napari_sam2.benchmarking.runs import measure_clicks, measure_run
from napari_sam2.core.quality import ROUNDED


def compare_512(quick: bool) -> Iterator[Reached]:
    """Compare with the reference at 512 pixels."""
    settings = QUICK if quick else Settings(image_size=512)
    for one in (settings, replace(settings, quality=ROUNDED)):
        yield from _compare_512(one, f"tiny, 512 px, {one.quality.name}")


def _compare_512(settings: Settings, what: str) -> Iterator[Reached]:
    one, again = one_object(settings)
    eight, corrected = eight_objects(settings)
    yield Reached(f"{what}, one object, ratio", one.ratio, 1.5)
    yield Reached(f"{what}, second pass in the other direction", again.ratio, 1.8)
    yield Reached(f"{what}, eight objects, ratio", eight.ratio, 1.5)
    yield Reached(f"{what}, correct one of eight and re-run", corrected.ratio, 8)


def compare_1024(quick: bool) -> Iterator[Reached]:
    """Compare with the reference at 1024 pixels."""
    settings = QUICK if quick else Settings(image_size=1024, one_object_blocks=3)
    for one in (settings, replace(settings, quality=ROUNDED)):
        row, _ = one_object(one)
        what = f"tiny, 1024 px, {one.quality.name}, one object, ratio"
        yield Reached(what, row.ratio, 1.4)


def clicks(quick: bool) -> Iterator[Reached]:
    """Click on unseen and on seen frames; masks of noise take longest to be cleaned."""
    for name, size in (("nano", 256), ("sam2.1-tiny", 256 if quick else 512)):
        model, is_noise = open_model(name, device="cpu", image_size=size)
        took = measure_clicks(model)
        weights = "noise as weights" if is_noise else "its weights"
        for frame, ratio in (
            ("unseen", took.unseen / took.least_unseen),
            ("seen", took.seen / took.least_seen),
        ):
            what = f"click on a frame {frame} before, {name} ({weights}), ratio"
            yield Reached(what, ratio, 1.1, False)


def nano(quick: bool) -> Iterator[Reached]:
    """Follow one and ten objects with the bundled model, at 256 pixels."""
    model, _ = open_model("nano", device="cpu", image_size=256)
    for objects, aim in ((1, 20), (10, 6)):
        run = measure_run(model, objects, 4 if quick else 100, lambda: True)
        assert run is not None
        yield Reached(
            f"nano, 256 px, {objects} objects, frames/s", 1 / run.seconds, aim
        )


def memory(quick: bool) -> Iterator[Reached]:
    """Follow ten objects through two lengths, each in a process of its own.

    Features of past frames fill their bound in both; see memory_probe.py.
    """
    peaks = []
    for count in (4, 8) if quick else (100, 10_000):
        with tempfile.TemporaryDirectory() as root:
            write_folder(Path(root) / "frames", count, 256)
            arguments = ("nano", 256, Path(root) / "frames", torch.get_num_threads())
            peaks.append(probe("ours", *arguments, 10))
    ratio = peaks[1] / peaks[0]
    yield Reached("peak memory, 10,000 against 100 frames, ratio", ratio, 1.1, False)


ROWS: dict[str, Callable[[bool], Iterator[Reached]]] = {
    "nano": nano,
    "clicks": clicks,
    "compare-512": compare_512,
    "compare-1024": compare_1024,
    "memory": memory,
}


def main() -> None:
    """Print the table, each row as soon as it is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(ROWS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print("| on two processor cores | aim | measured | reached |\n|---|--:|--:|---|")
    for name in options.only or ROWS:
        for row in ROWS[name](options.quick):
            print(row, flush=True)


if __name__ == "__main__":
    main()
