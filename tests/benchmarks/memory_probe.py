"""Track one object through a folder in a process of its own; print its peak memory.

``python memory_probe.py reference|ours VARIANT IMAGE_SIZE FOLDER THREADS``
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import psutil
import torch

# The default bound, 512 MiB, is only reached by long runs; a lower one shows within a
# hundred frames that memory stops growing.
CACHE_MIB = 64


def main(side: str, variant: str, image_size: int, folder: Path) -> None:
    """Run one side to the end of the folder and print the peak in MiB."""
    (_run_ours if side == "ours" else _run_reference)(variant, image_size, folder)
    print(_peak_bytes() / 2**20)


def _run_reference(variant: str, image_size: int, folder: Path) -> None:
    import reference

    predictor = reference.build_predictor(variant, image_size)
    state = reference.start_folder(predictor, folder)
    reference.click(predictor, state, object_id=1, frame=0, xy=(0.3, 0.4))
    for _ in reference.propagate(predictor, state):
        pass


def _run_ours(variant: str, image_size: int, folder: Path) -> None:
    import ours

    from napari_sam2.engine.options import EXACT

    model = ours.build_model(variant, image_size)
    options = replace(EXACT, feature_cache_bytes=CACHE_MIB << 20)
    tracker = ours.start_folder(model, folder, options)
    ours.click(tracker, object_id=1, frame=0, xy=(0.3, 0.4))
    for _ in ours.propagate(tracker):
        pass


def _peak_bytes() -> int:
    """Return the most memory this process ever held, not what its parent did."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would start from the parent's peak on Linux
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):
        return int(info.peak_wset)
    import resource  # macOS counts in bytes

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[5]))
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
