"""How good the masks of a method are: frame by frame, object by object, per stack."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from napari_sam2.evaluation.masks import joint_crop
from napari_sam2.evaluation.means import decay, mean, recall
from napari_sam2.evaluation.measures import jaccard, outline_f, tolerance_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks


@dataclass(frozen=True, slots=True)
class FrameScore:
    """One object on one frame.

    Attributes
    ----------
    object_id, frame : int
    is_start : bool
        Whether it is the frame on which the object was prompted first; it does not
        count.
    j, f : float
        Overlap, and agreement of outlines; 1 when the object is neither there nor
        found.
    true_area, found_area : int
        Pixels of the two masks.
    """

    object_id: int
    frame: int
    is_start: bool
    j: float
    f: float
    true_area: int
    found_area: int

    @property
    def is_present(self) -> bool:
        """Whether the object is there."""
        return self.true_area > 0

    @property
    def presence_is_right(self) -> bool:
        """Whether the object is found if it is there, and not if it is gone."""
        return self.is_present == (self.found_area > 0)


@dataclass(frozen=True)  # without slots, so that nothing is computed twice
class ObjectScore:
    """One object through the stack.

    Attributes
    ----------
    object_id : int
    frames : tuple of FrameScore
        In order, the start among them.
    extra : mapping of str to float
        Measures of the object as a whole, by name: ``"dice"``, ``"hd95"``.
    """

    object_id: int
    frames: tuple[FrameScore, ...]
    extra: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def counted(self) -> tuple[FrameScore, ...]:
        """The frames after the start."""
        return tuple(one for one in self.frames if not one.is_start)

    @cached_property
    def start_j(self) -> float:
        """J on the frame of the first prompt."""
        return mean(one.j for one in self.frames if one.is_start)

    @cached_property
    def j(self) -> float:
        """Mean J over counted frames."""
        return mean(one.j for one in self.counted)

    @cached_property
    def f(self) -> float:
        """Mean F over counted frames."""
        return mean(one.f for one in self.counted)

    @cached_property
    def jf(self) -> float:
        """J&F, the mean of the two."""
        return (self.j + self.f) / 2

    @cached_property
    def j_recall(self) -> float:
        """Share of counted frames with a J above a half."""
        return recall([one.j for one in self.counted])

    @cached_property
    def j_decay(self) -> float:
        """How much J falls from the first quarter of counted frames to the last."""
        return decay([one.j for one in self.counted])

    @cached_property
    def f_recall(self) -> float:
        """Share of counted frames with an F above a half."""
        return recall([one.f for one in self.counted])

    @cached_property
    def f_decay(self) -> float:
        """How much F falls from the first quarter of counted frames to the last."""
        return decay([one.f for one in self.counted])

    @cached_property
    def j_present(self) -> float:
        """Mean J over counted frames on which the object is; NaN when it is on none."""
        return mean(one.j for one in self.counted if one.is_present)

    @cached_property
    def presence(self) -> float:
        """Share of counted frames on which it is right whether the object is there."""
        return mean(float(one.presence_is_right) for one in self.counted)


MEASURES = (
    "start_j", "j", "j_recall", "j_decay", "f", "f_recall", "f_decay", "jf",
    "j_present", "presence",
)  # fmt: skip
"""What every object of every stack has."""


@dataclass(frozen=True, slots=True)
class MethodScore:
    """All objects of a stack, as one method gave them.

    Attributes
    ----------
    method : str
        ``"box"``, ``"click"``, ``"copy"``, …
    objects : tuple of ObjectScore
    passes : tuple of float
        Mean J after each pass, where objects are corrected between passes.
    extra : mapping of str to float
        Measures of the stack as a whole, by name: ``"SEG"``, ``"DET"``, ``"TRA"``.
    """

    method: str
    objects: tuple[ObjectScore, ...]
    passes: tuple[float, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    def mean(self, measure: str) -> float:
        """Return the mean of one of ``MEASURES``, or of an extra one, over objects."""
        if measure in MEASURES:
            return mean(getattr(one, measure) for one in self.objects)
        if measure in self.extra:
            return self.extra[measure]
        return mean(one.extra.get(measure, math.nan) for one in self.objects)


def score_objects(
    found: Masks, true: Masks, todo: Assignment
) -> tuple[ObjectScore, ...]:
    """Compare the masks of all objects with the true ones."""
    return tuple(
        ObjectScore(object_id, _score_frames(found, true, todo, object_id))
        for object_id in todo.ids
    )


def _score_frames(
    found: Masks, true: Masks, todo: Assignment, object_id: int
) -> tuple[FrameScore, ...]:
    start = todo.starts[object_id]
    return tuple(
        score_frame(found, true, object_id, frame, is_start=frame == start)
        for frame in todo.compared(object_id)
    )


def score_frame(
    found: Masks, true: Masks, object_id: int, frame: int, *, is_start: bool
) -> FrameScore:
    """Compare the masks of one object on one frame."""
    ours, theirs = found.packed(object_id, frame), true.packed(object_id, frame)
    ours_crop, theirs_crop = joint_crop(ours, theirs)
    return FrameScore(
        object_id,
        frame,
        is_start,
        jaccard(ours_crop, theirs_crop),
        outline_f(ours_crop, theirs_crop, tolerance_pixels(found.shape_hw)),
        theirs.area,
        ours.area,
    )
