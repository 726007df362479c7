"""Compare napari-sam2 with Meta's implementation, side by side in one process.

Both sides get the same seeded weights and the same pixels and take turns; the table
shows medians, and how many times less time or memory napari-sam2 takes. In an
environment where napari-sam2 is installed, from the top of its repository:

    pip install hydra-core iopath tqdm pillow setuptools wheel
    SAM2_BUILD_CUDA=0 pip install --no-deps --no-build-isolation sam2==1.1.0
    python tests/benchmarks/bench_reference.py

(``--no-deps``, because sam2 asks for torchvision, which its video predictor does not
use; ``--no-build-isolation``, because its build would fetch a second PyTorch.)

Close other programs first: on a busy machine the times are larger on both sides, and
the ratios less certain. ``--quick`` runs everything once, small, to see that it works;
its numbers mean little. ``--device cuda`` compares the smallest and the largest model
at 1024 pixels on a GPU, both sides in bfloat16, and takes about a minute.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import torch

from napari_sam2.benchmarking import reference
from napari_sam2.benchmarking.comparison import line, table
from napari_sam2.benchmarking.peaks import compute_dtype
from napari_sam2.core.quality import NAMED

if TYPE_CHECKING:
    from cases import Settings

    from napari_sam2.benchmarking.comparison import Row

ON_CPU = ["encoder", "one-object", "eight-objects", "first-mask", "peak-memory"]
ON_GPU = ["encoder", "one-object", "sixteen-objects"]


def main() -> int:
    """Run the chosen cases and print their table."""
    if not reference.is_available():
        print(f"Meta's sam2 is not installed.\n\n{__doc__}", file=sys.stderr)
        return 2
    arguments = _parse()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("PyTorch finds no GPU that speaks CUDA here.", file=sys.stderr)
        return 2
    torch.set_num_threads(arguments.threads)
    print(f"{_machine(arguments)}\n", flush=True)
    measured: list[dict[str, object]] = []
    for settings in _settings(arguments):
        rows = _measure(settings, arguments.only or _cases(settings))
        measured.append({"settings": asdict(settings), "rows": rows})
        if arguments.json:
            _write(arguments.json, measured)
    return 0


def _measure(settings: Settings, names: list[str]) -> list[Row]:
    """Run the cases of one model; show each row at once, and the table at the end."""
    from cases import CASES

    rows: list[Row] = []
    for name in names:
        print(f"{settings.variant}, {name} …", file=sys.stderr, flush=True)
        for row in CASES[name](settings):
            rows.append(row)
            print(line(row), file=sys.stderr, flush=True)
    dtype = str(compute_dtype(settings.model)).removeprefix("torch.")
    print(f"SAM 2.1 {settings.variant}, {settings.image_size} px, ours in {dtype}\n")
    print(f"{table(rows)}\n", flush=True)
    return rows


def _settings(arguments: argparse.Namespace) -> list[Settings]:
    """Return one set of settings for every model that is compared."""
    from cases import ON_A_GPU, QUICK, Settings

    on_gpu = arguments.device == "cuda"
    usual = ON_A_GPU if on_gpu else Settings()
    chosen = replace(
        QUICK if arguments.quick else usual,
        threads=arguments.threads,
        device=arguments.device,
        compiled=arguments.compiled,
        quality=NAMED[arguments.quality],
    )
    if arguments.image_size:
        chosen = replace(chosen, image_size=arguments.image_size)
    variants = arguments.variant or (["tiny", "large"] if on_gpu else ["tiny"])
    return [replace(chosen, variant=variant) for variant in variants]


def _cases(settings: Settings) -> list[str]:
    return ON_GPU if settings.device == "cuda" else ON_CPU


def _write(path: Path, measured: list[dict[str, object]]) -> None:
    report = [
        one | {"rows": [asdict(row) | {"ratio": row.ratio} for row in one["rows"]]}
        for one in measured
    ]
    path.write_text(json.dumps(report, indent=2))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[*ON_CPU, "sixteen-objects"],
        help="run this case only; may be repeated",
    )
    parser.add_argument(
        "--variant",
        action="append",
        choices=["tiny", "small", "base-plus", "large"],
        help="compare this model; may be repeated",
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--image-size", type=int, help="compare at this size, in px")
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="compile both sides; slow to start",
    )
    parser.add_argument(
        "--quality",
        choices=["exact", "rounded"],
        default="exact",
        help="whether we may round what is multiplied; the reference never does so on "
        "a processor, and both always do on a GPU",
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run, below 90 s")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    return parser.parse_args()


def _machine(arguments: argparse.Namespace) -> str:
    """Describe where the numbers come from."""
    load = psutil.getloadavg()[0]
    gpu = ""
    if arguments.device == "cuda":
        gpu = f"{torch.cuda.get_device_name()}, "
    return (
        f"{gpu}{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{arguments.threads} threads, torch {torch.__version__}, load average "
        f"{load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
