"""Masks that somebody vouches for, by frame and object."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.masks import FrameMask, Place

_FEWEST_PIXELS = 16  # of an object that can be asked for
_REFINED = 2  # points and boxes on one frame that are more than a first prompt


class Habits(NamedTuple):
    """How a user asks for objects: shares that add up to 1."""

    click: float = 0.35
    box: float = 0.45
    mask: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class TruthStack:
    """A stack and the masks that are known to be right.

    Attributes
    ----------
    name : str
        Of the image, for people.
    frames : FrameSource
    limits : IntensityLimits
        What is shown to the model as black and white.
    masks : mapping of int to mapping of int to PackedMask
        By frame and object; an empty mask says that the object is absent.
    complete : frozenset of int
        Frames on which objects without a mask are absent. On others nothing is known
        of them.
    unclear : frozenset of (int, int)
        Objects and complete frames on which nothing is known of them nevertheless.
    ends : mapping of int to int
        Objects that divided, and the last frame on which they are themselves.
    habits : Habits
    """

    name: str
    frames: FrameSource
    limits: IntensityLimits
    masks: Mapping[int, Mapping[int, PackedMask]]
    complete: frozenset[int] = frozenset()
    unclear: frozenset[tuple[int, int]] = frozenset()
    ends: Mapping[int, int] = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)

    @property
    def known(self) -> list[int]:
        """Frames about which anything is known, in order."""
        return sorted({*self.masks, *self.complete})

    @property
    def object_ids(self) -> list[int]:
        """The objects that have a mask on any frame, in order."""
        return sorted({i for objects in self.masks.values() for i in objects})

    def knows(self, object_id: int, frame: int) -> bool:
        """Whether it is known where an object is on a frame, or that it is not."""
        if object_id in self.masks.get(frame, {}):
            return True
        is_over = frame > self.ends.get(object_id, frame)
        is_unclear = is_over or (object_id, frame) in self.unclear
        return frame in self.complete and not is_unclear

    def mask(self, object_id: int, frame: int) -> PackedMask | None:
        """Return the mask of an object on a frame; None where it has none."""
        return self.masks.get(frame, {}).get(object_id)

    def visible(self, frame: int) -> list[int]:
        """Return the objects that are to be seen on a frame, in order."""
        return [i for i, one in sorted(self.masks.get(frame, {}).items()) if one.area]

    def large(self, frame: int) -> list[int]:
        """Return the objects that can be asked for on a frame, the smallest first."""
        areas = {i: one.area for i, one in self.masks.get(frame, {}).items()}
        return sorted(
            (i for i, area in areas.items() if area >= _FEWEST_PIXELS),
            key=lambda i: (areas[i], i),
        )


def vouched_for(mask: FrameMask) -> bool:
    """Whether the user made a mask, corrected it, accepted it or locked it.

    The model's answer to a first click or box, and what it tracked, are its own words.
    """
    if mask.is_protected or mask.is_reviewed:
        return True
    return mask.origin is Origin.PROMPTED and _is_corrected(mask)


def _is_corrected(mask: FrameMask) -> bool:
    """Whether prompts corrected what was tracked, or were added until it was right."""
    said = mask.answers
    if mask.beneath is not None or said is None:
        return mask.beneath is not None
    return len(said.points_yx) + (said.box_yxyx is not None) >= _REFINED


def truth_of(
    masks: Mapping[Place, FrameMask],
) -> dict[int, dict[int, PackedMask]]:
    """Return the masks that the user vouches for, by frame and object."""
    found: dict[int, dict[int, PackedMask]] = defaultdict(dict)
    for (object_id, frame), one in masks.items():
        if vouched_for(one):
            found[frame][object_id] = one.mask
    return dict(found)


def habits_of(prompts: Iterable[FramePrompts], paintings: int) -> Habits:
    """Return how a user asks, from what was asked; the usual ways keep a share.

    Parameters
    ----------
    prompts : iterable of FramePrompts
        Points and boxes, one per object and frame.
    paintings : int
        Masks that were painted.
    """
    said = list(prompts)
    boxes = sum(one.box_yxyx is not None for one in said)
    counts = Habits(len(said) - boxes, boxes, paintings)
    usual, total = Habits(), sum(counts)
    weight = total / (total + 4)
    shares = zip(counts, usual, strict=True)
    return Habits(*((weight * n / (total or 1)) + (1 - weight) * u for n, u in shares))
