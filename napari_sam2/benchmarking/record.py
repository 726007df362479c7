"""What was found, as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_sam2.benchmarking.breakdown import break_down, flops_per_frame, roof

if TYPE_CHECKING:
    from napari_sam2.benchmarking.results import Findings, PartTime, RunTime

VERSION = 1


def as_json(found: Findings) -> str:
    """Write everything that was found, and what follows from it.

    Times are seconds, sizes bytes, shares 0 to 1.
    """
    plain = asdict(found) | {
        "version": VERSION,
        "parts": [_part(found, part) for part in found.parts],
        "runs": [_run(found, run) for run in found.runs],
        "against": [asdict(row) | {"ratio": row.ratio} for row in found.against],
    }
    return json.dumps(plain, indent=2)


def _part(found: Findings, part: PartTime) -> dict[str, Any]:
    if part.work is None or found.peaks is None:
        return asdict(part)
    against = roof(part.work, part.seconds, found.peaks)
    return asdict(part) | {"roof": against._asdict()}


def _run(found: Findings, run: RunTime) -> dict[str, Any]:
    flops = flops_per_frame(found, run)
    rate = flops / run.seconds
    more: dict[str, Any] = {
        "frames_per_second": 1 / run.seconds,
        "flops_per_frame": flops,
        "flops_per_second": rate,
        "breakdown": break_down(found, run),
    }
    if found.peaks is not None:
        more["peak_share"] = rate / found.peaks.flops_per_second
    return asdict(run) | more
