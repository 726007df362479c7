"""What is remembered of one object, and what of it is kept.

What a frame looks at of it is chosen in :mod:`napari_sam2.engine.objects.selection`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from torch import Tensor, device

    from napari_sam2.engine.views.window import Sighting


@dataclass(frozen=True, slots=True)
class FrameMemory:
    """One object on one tracked or prompted frame.

    Attributes
    ----------
    spatial : Tensor, shape (h * w, memory_dim)
        Of :func:`~napari_sam2.engine.device.kept_dtype`.
    pointer : Tensor, shape (C,)
    sighting : Sighting
        Where the object was, and in which view.
    logits : Tensor of float32, shape (1, 1, S/4, S/4), or None
        The tracked mask, for refining it; prompted frames keep theirs elsewhere.
    is_reverse : bool
        Whether the frame was tracked backward in time.
    """

    spatial: Tensor
    pointer: Tensor
    sighting: Sighting
    logits: Tensor | None = None
    is_reverse: bool = False

    def to(self, where: device) -> FrameMemory:
        """Return the memory on a device."""
        return replace(
            self,
            spatial=self.spatial.to(where),
            pointer=self.pointer.to(where),
            logits=None if self.logits is None else self.logits.to(where),
        )


@dataclass(slots=True)
class MemoryBank:
    """The memories of one object: they grow with its prompts, not with the stack.

    Attributes
    ----------
    conditioning : dict of int to FrameMemory
        Prompted frames, in the order in which they were prompted.
    recent : dict of int to FrameMemory
        Tracked frames, oldest first.
    """

    conditioning: dict[int, FrameMemory] = field(default_factory=dict)
    recent: dict[int, FrameMemory] = field(default_factory=dict)

    def __getitem__(self, frame: int) -> FrameMemory:
        """Return the memory of a frame, prompted or tracked."""
        return self.conditioning.get(frame) or self.recent[frame]

    def last_seen(self, frame: int, *, is_reverse: bool) -> tuple[Sighting, int] | None:
        """Return the nearest sighting before a frame, and how many frames before.

        Where there is none before it, the nearest one after it is taken.
        """
        step = -1 if is_reverse else 1
        known = [f for f in (*self.conditioning, *self.recent) if f != frame]
        if not known:
            return None
        nearest = min(known, key=lambda f: ((f - frame) * step > 0, abs(f - frame)))
        return self[nearest].sighting, abs(nearest - frame)

    def remember(self, frame: int, memory: FrameMemory, keep: int, reach: int) -> None:
        """Add a tracked frame and forget the oldest that nobody will look at again.

        Parameters
        ----------
        keep : int
            Tracked frames kept at least.
        reach : int
            Frames this close to a prompted one are kept too: every later run starts
            there, in either direction.
        """
        self.recent.pop(frame, None)
        self.recent[frame] = memory
        surplus = len(self.recent) - keep
        if surplus > 0:
            for old in self._forgettable(surplus, reach):
                del self.recent[old]

    def forget(self, frames: Iterable[int]) -> None:
        """Drop tracked frames that are about to be computed again."""
        for frame in frames:
            self.recent.pop(frame, None)

    def forget_far(self, near: Collection[int], reach: int) -> int:
        """Drop tracked frames that are far from all of ``near``; count them."""
        far = [
            frame
            for frame in self.recent
            if all(abs(frame - one) > reach for one in near)
        ]
        self.forget(far)
        return len(far)

    def _forgettable(self, surplus: int, reach: int) -> list[int]:
        oldest = list(self.recent)[:surplus]
        return [
            frame
            for frame in oldest
            if all(abs(frame - prompted) > reach for prompted in self.conditioning)
        ]
