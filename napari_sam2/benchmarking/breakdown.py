"""Where the time of a tracked frame goes, and how much of the device that uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_sam2.benchmarking.parts import (
    ATTENTION,
    DECODER,
    DOWNLOAD,
    ENCODER,
    MEMORY_ENCODER,
    READING,
    UPLOAD,
)

if TYPE_CHECKING:
    from napari_sam2.benchmarking.peaks import Peaks
    from napari_sam2.benchmarking.results import Findings, RunTime
    from napari_sam2.benchmarking.work import Work

REST = "everything else"
_SHARED = (READING, UPLOAD, ENCODER)
_PER_OBJECT = (ATTENTION, DECODER, MEMORY_ENCODER, DOWNLOAD)


class Roof(NamedTuple):
    """How near some work came to what the device can do.

    Attributes
    ----------
    flops_per_second : float
        Reached.
    peak_share : float
        Of the matrix product's peak, 0 to 1.
    is_memory_bound : bool
        Whether the copy's peak, not the matrix product's, is what limits it.
    roof_share : float
        The least time that the two peaks allow, over the time taken. Above 1 where
        data stay in the processor's caches.
    """

    flops_per_second: float
    peak_share: float
    is_memory_bound: bool
    roof_share: float


def roof(work: Work, seconds: float, peaks: Peaks) -> Roof:
    """Compare what was done in some time with what the device can do."""
    rate = work.flops / seconds
    return Roof(
        rate,
        rate / peaks.flops_per_second,
        peaks.is_bound_by_memory(work),
        peaks.least_seconds(work) / seconds,
    )


def break_down(found: Findings, run: RunTime) -> dict[str, float]:
    """Return the seconds per frame of every part of a run, in the order of work.

    The rest is what the parts do not explain; below 0 where parts overlap, or where
    the machine was busier while they were measured.
    """
    keys = [(name, 0) for name in _SHARED]
    keys += [(name, run.objects) for name in _PER_OBJECT]
    seconds = {
        name: part.seconds
        for name, objects in keys
        if (part := found.part(name, objects)) is not None
    }
    return seconds | {REST: run.seconds - sum(seconds.values())}


def flops_per_frame(found: Findings, run: RunTime) -> int:
    """Return what a tracked frame of a run computes."""
    parts = [found.part(ENCODER)]
    parts += [found.part(name, run.objects) for name in _PER_OBJECT]
    works = [part.work for part in parts if part is not None]
    return sum(work.flops for work in works if work is not None)
