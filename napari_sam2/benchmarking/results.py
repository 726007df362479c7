"""What a benchmark found, in seconds and bytes; no rates, which follow from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.benchmarking.comparison import Row
    from napari_sam2.benchmarking.machine import Machine
    from napari_sam2.benchmarking.peaks import Peaks
    from napari_sam2.benchmarking.work import Work


@dataclass(frozen=True, slots=True)
class PartTime:
    """How long one part takes.

    Attributes
    ----------
    name : str
    objects, memories : int
        As of :class:`napari_sam2.benchmarking.parts.Part`.
    seconds : float
        Median.
    work : Work or None
        What it computes and moves; None outside the network.
    """

    name: str
    objects: int
    memories: int
    seconds: float
    work: Work | None


@dataclass(frozen=True, slots=True)
class RunTime:
    """How long a tracker takes per frame.

    Attributes
    ----------
    objects : int
    frames, warm_up : int
        Frames tracked, and how many of them did not count as memories still filled.
    seconds : float
        Per frame, median of blocks of some frames.
    peak_bytes : int
        Most memory: on a GPU of this run; on a processor of the process so far.
    """

    objects: int
    frames: int
    warm_up: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class ClickTime:
    """How long a click takes to become a mask, in seconds, medians.

    Attributes
    ----------
    unseen : float
        On a frame that was not seen before.
    seen : float
        On one whose features are kept.
    least_unseen, least_seen : float
        What the network takes of either, measured in turns with it: encoder and
        decoder, and decoder.
    """

    unseen: float
    seen: float
    least_unseen: float
    least_seen: float


@dataclass(slots=True)
class Findings:
    """All that was found, as far as the benchmark came.

    Attributes
    ----------
    model : str
        Name of the model.
    is_seeded : bool
        Whether its weights are noise.
    image_size : int
        Side of the model's image, and of the frames, in pixels.
    dtype : str
        Type of the matrix products.
    quality : str
        Its name.
    """

    model: str
    is_seeded: bool
    image_size: int
    dtype: str
    quality: str = "exact"
    machine: Machine | None = None
    peaks: Peaks | None = None
    parts: list[PartTime] = field(default_factory=list)
    clicks: ClickTime | None = None
    runs: list[RunTime] = field(default_factory=list)
    against: list[Row] = field(default_factory=list)
    is_complete: bool = False

    def part(self, name: str, objects: int = 0) -> PartTime | None:
        """Return a part with the most memories, if it was measured."""
        found = [p for p in self.parts if (p.name, p.objects) == (name, objects)]
        return max(found, key=lambda p: p.memories, default=None)
