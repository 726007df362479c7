"""Which memories a frame looks at.

Ravi et al. 2024, section 4 ("memory bank"). :func:`select_memories` is pure: it works
on frame numbers, so the subtlest rules are testable without a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.model.config import Sam2Config


class Reach(NamedTuple):
    """How many frames back a frame looks at tracked ones."""

    spatial: int
    pointers: int  # no fewer


@dataclass(frozen=True, slots=True)
class MemoryRules:
    """How far back, and how many.

    Attributes
    ----------
    memory_count : int
        The prompted frames count as one; the last ``memory_count - 1`` frames follow.
    pointer_count : int
        Frames from which pointers are taken, the current one included.
    nearest_prompts : int or None
        Most prompted frames besides the first; None for all.
    recent_frames : int or None
        Most of the last frames that are looked at, the nearest ones, each as old as it
        is; None for ``memory_count - 1``. Pointers are taken from all.
    """

    memory_count: int
    pointer_count: int
    nearest_prompts: int | None = None
    recent_frames: int | None = None

    @property
    def first_slot(self) -> int:
        """The slot of the oldest of the last frames that are looked at."""
        if self.recent_frames is None:
            return 1
        return max(1, self.memory_count - self.recent_frames)

    @property
    def most_memories(self) -> int:
        """How many memories are looked at where one frame is prompted."""
        return 1 + self.reach.spatial

    @property
    def reach(self) -> Reach:
        """How far back spatial memories are looked at, and pointers."""
        spatial = self.memory_count - self.first_slot
        return Reach(spatial, max(self.pointer_count - 1, spatial))


def memory_rules(config: Sam2Config, options: TrackerOptions) -> MemoryRules:
    """Return the rules of a model, as far as options do not say otherwise."""
    return MemoryRules(
        config.memory_count,
        config.pointer_count,
        options.nearest_prompts,
        options.quality.recent_frames,
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What one object looks at on one frame, as frame numbers.

    Attributes
    ----------
    spatial : tuple of (slot, frame)
        Slot 0 is a prompted frame; slot ``memory_count - 1`` the frame just before.
    pointers : tuple of (age, frame)
        Age in frames, signed for prompted frames.
    """

    spatial: tuple[tuple[int, int], ...]
    pointers: tuple[tuple[int, int], ...]

    @property
    def shape(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Slots and ages: objects that agree in these are computed together."""
        return tuple(s for s, _ in self.spatial), tuple(a for a, _ in self.pointers)


def select_memories(
    conditioning: Collection[int],
    recent: Collection[int],
    frame: int,
    *,
    is_reverse: bool,
    frame_count: int,
    rules: MemoryRules,
    thin: Collection[int] = (),
) -> Selection:
    """Choose what ``frame`` looks at.

    Parameters
    ----------
    conditioning : collection of int
        Prompted frames, in the order in which they were prompted.
    recent : collection of int
        Tracked frames that are remembered.
    frame : int
        The frame to be computed. A prompt on it is not looked at.
    is_reverse : bool
        Whether time runs backward, so that "before" means later frames.
    frame_count : int
        Frames in the stack.
    rules : MemoryRules
    thin : collection of int, optional
        Those of the tracked frames of which only the pointer is remembered.
    """
    others = [prompted for prompted in conditioning if prompted != frame]
    chosen = nearest_prompted(others, frame, rules.nearest_prompts)
    # Prompted frames that were not chosen still count as ordinary neighbours.
    neighbours = {*recent, *others} - set(chosen)
    step, count = (1 if is_reverse else -1), rules.memory_count
    before = [
        (slot, frame + step * (count - slot)) for slot in range(rules.first_slot, count)
    ]
    spatial = [(0, prompted) for prompted in chosen]
    spatial += [
        (slot, neighbour)
        for slot, neighbour in before
        if neighbour in neighbours and neighbour not in thin
    ]
    return Selection(
        tuple(spatial),
        _pointers(
            chosen, neighbours, frame, step, min(frame_count, rules.pointer_count)
        ),
    )


def _pointers(
    chosen: list[int], neighbours: set[int], frame: int, step: int, count: int
) -> tuple[tuple[int, int], ...]:
    """Pointers of prompted frames in the past, then of the frames just before."""
    ages = [((prompted - frame) * step, prompted) for prompted in chosen]
    pointers = [(age, prompted) for age, prompted in ages if age >= 0]
    before = [(distance, frame + step * distance) for distance in range(1, count)]
    pointers += [
        (age, neighbour) for age, neighbour in before if neighbour in neighbours
    ]
    return tuple(pointers)


def nearest_prompted(frames: list[int], frame: int, nearest: int | None) -> list[int]:
    """Keep the ``nearest`` prompted frames and the earliest, in their given order.

    The last one before ``frame`` and the first one after it come before nearer ones.
    """
    if nearest is None or len(frames) <= nearest + 1:
        return frames
    before = [f for f in frames if f < frame]
    after = [f for f in frames if f >= frame]
    keep = {min(frames)}
    by_distance = sorted(frames, key=lambda f: abs(f - frame))
    closest = ([max(before)] if before else []) + ([min(after)] if after else [])
    for candidate in dict.fromkeys(closest + by_distance):
        if len(keep - {min(frames)}) >= nearest:
            break
        keep.add(candidate)
    return [f for f in frames if f in keep]
