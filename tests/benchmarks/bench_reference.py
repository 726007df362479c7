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
its numbers mean little.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import torch


def main() -> int:
    """Run the chosen cases and print their table."""
    import reference

    if not reference.is_available():
        print(f"Meta's sam2 is not installed.\n\n{__doc__}", file=sys.stderr)
        return 2
    arguments = _parse()
    from cases import CASES, QUICK, Settings
    from timing import table

    settings = replace(
        QUICK if arguments.quick else Settings(), threads=arguments.threads
    )
    torch.set_num_threads(settings.threads)
    rows = []
    for name in arguments.only or CASES:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += CASES[name](settings)
    print(f"{_machine(settings.threads)}\n")
    print(f"SAM 2.1 {settings.variant}, {settings.image_size} px, float32\n")
    print(table(rows))
    if arguments.json:
        measured = [asdict(row) | {"ratio": row.ratio} for row in rows]
        report = {"settings": asdict(settings), "rows": measured}
        arguments.json.write_text(json.dumps(report, indent=2))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=["encoder", "one-object", "eight-objects", "first-mask", "peak-memory"],
        help="run this case only; may be repeated",
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run, below 90 s")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    return parser.parse_args()


def _machine(threads: int) -> str:
    """Describe where the numbers come from."""
    load = psutil.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{threads} threads, torch {torch.__version__}, load average {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
