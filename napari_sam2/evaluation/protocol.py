"""What a simulated user says, and when.

- *First frame*: everything is said on the first frame; nothing is corrected.
- *Offline*: after each pass through the stack, every object is corrected by clicks on
  the frame on which its mask is worst, and all is followed again.
- *Online*: a single pass; as soon as a mask is bad, it is corrected by clicks there,
  and the pass goes on.

The last two are those of Ravi et al., SAM 2: Segment Anything in Images and Videos,
2024, section on promptable video segmentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from napari_sam2.evaluation.asking import Asking

Correcting = Literal["never", "offline", "online"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is said, and when.

    Attributes
    ----------
    asking : Asking
        What is said on the first frame; its number of clicks also holds for others.
    correcting : str
        ``"never"``, ``"offline"`` or ``"online"``.
    most_frames : int
        Most prompted frames of an object, the first one included.
    """

    asking: Asking = field(default_factory=lambda: Asking("box"))
    correcting: Correcting = "never"
    most_frames: int = 8

    def __str__(self) -> str:
        """Write as ``box``, or ``click + offline``."""
        asking = str(self.asking)
        return asking if self.correcting == "never" else f"{asking} + {self.correcting}"

    @property
    def is_single(self) -> bool:
        """Whether nothing is said after the first frame."""
        return self.correcting == "never"

    @property
    def passes(self) -> int:
        """Passes through the stack."""
        return self.most_frames if self.correcting == "offline" else 1
