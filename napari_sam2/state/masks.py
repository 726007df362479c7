"""What is known about one object on one frame, and all of it by object and by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from napari_sam2.core.packed import PackedMask  # noqa: TC001 (for readers of hints)
from napari_sam2.core.results import MaskResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_sam2.core.prompts import FramePrompts

_OVERHEAD_BYTES = 160

Place = tuple[int, int]
"""One object on one frame: (object_id, frame)."""


class Origin(Enum):
    """Where a mask came from."""

    PROMPTED = "prompted"
    """The model's answer to points and a box on this very frame."""
    TRACKED = "tracked"
    """Carried here by a run."""
    PAINTED = "painted"
    """The user's own pixels: painted, erased, imported, or marked absent."""


@dataclass(frozen=True, slots=True)
class FrameMask:
    """What is known about one object on one frame.

    Attributes
    ----------
    mask : PackedMask
        The pixels; an empty mask says that the object is absent.
    origin : Origin
    predicted_iou : float
        The model's own estimate of the overlap with the truth, 0 to 1; 1 for painting.
    object_logit : float
        Above 0 where the model sees the object at all.
    is_locked : bool
        Whether the user forbade any change.
    is_reviewed : bool
        Whether the user looked at it and accepted it.
    answers : FramePrompts or None
        The points and box that a prompted mask answers; when the document has others by
        now, a new answer is due.
    beneath : FrameMask or None
        The tracked mask that a prompted one corrects, or the painted one that it
        refines; it comes back when the prompts are withdrawn.
    step : int or None
        The number of the :mod:`napari_sam2.core.recipe` step that gave the mask; None
        for the user's own pixels.
    """

    mask: PackedMask
    origin: Origin
    predicted_iou: float
    object_logit: float
    is_locked: bool = False
    is_reviewed: bool = False
    answers: FramePrompts | None = None
    beneath: FrameMask | None = field(default=None, repr=False)
    step: int | None = field(default=None, compare=False)

    @property
    def is_protected(self) -> bool:
        """Whether a run must leave this frame alone: locked, or the user's own."""
        return self.is_locked or self.origin is Origin.PAINTED

    @property
    def nbytes(self) -> int:
        """About how much memory this takes, without pixels held elsewhere."""
        beneath = self.beneath.nbytes if self.beneath else 0
        return _OVERHEAD_BYTES + self.mask.nbytes + beneath

    @property
    def painting_order(self) -> tuple[bool, float]:
        """Key that sorts masks of one frame: the last one painted is seen."""
        return self.is_protected, self.predicted_iou

    def as_result(self, object_id: int, frame: int) -> MaskResult:
        """Return this as what the engine answers."""
        return MaskResult(
            object_id=object_id,
            frame=frame,
            shape_hw=self.mask.shape_hw,
            origin_yx=self.mask.origin_yx,
            crop=self.mask.crop,
            predicted_iou=self.predicted_iou,
            object_logit=self.object_logit,
            is_prompted=self.origin is not Origin.TRACKED,
            verdict=self._verdict,
        )

    @property
    def _verdict(self) -> Verdict:
        said = Verdict.PAINTED if self.origin is Origin.PAINTED else Verdict.NOTHING
        said |= Verdict.ACCEPTED if self.is_reviewed else Verdict.NOTHING
        return said | (Verdict.LOCKED if self.is_locked else Verdict.NOTHING)


def painted_order(masks: Mapping[int, FrameMask]) -> list[tuple[int, FrameMask]]:
    """Return a frame's masks as they are painted: the last ones are seen.

    What the user locked or painted lies above what the model found; otherwise the mask
    with the higher predicted IoU does.
    """
    return sorted(masks.items(), key=lambda one: (*one[1].painting_order, -one[0]))


class MaskTable(Mapping[Place, FrameMask]):
    """The masks of a session, found by object or by frame.

    Parameters
    ----------
    masks : mapping of (object_id, frame) to FrameMask, optional
        What the table begins with.
    """

    __slots__ = ("_by_frame", "_by_object", "_painted")

    def __init__(self, masks: Mapping[Place, FrameMask] | None = None) -> None:
        self._by_object: dict[int, dict[int, FrameMask]] = {}
        self._by_frame: dict[int, dict[int, FrameMask]] = {}
        self._painted: dict[int, set[int]] = {}
        for place, mask in (masks or {}).items():
            self.put(place, mask)

    def __len__(self) -> int:
        """Count the masks."""
        return sum(map(len, self._by_object.values()))

    def __getitem__(self, place: Place) -> FrameMask:
        """Return the mask of an object on a frame."""
        object_id, frame = place
        return self._by_object[object_id][frame]

    def __iter__(self) -> Iterator[Place]:
        """Iterate over (object_id, frame), frame after frame."""
        for frame in sorted(self._by_frame):
            for object_id in sorted(self._by_frame[frame]):
                yield object_id, frame

    def put(self, place: Place, mask: FrameMask | None) -> None:
        """Set a mask, or remove it with None."""
        object_id, frame = place
        if mask is None:
            _remove(self._by_object, object_id, frame)
            _remove(self._by_frame, frame, object_id)
        else:
            self._by_object.setdefault(object_id, {})[frame] = mask
            self._by_frame.setdefault(frame, {})[object_id] = mask
        if mask is not None and mask.origin is Origin.PAINTED:
            self._painted.setdefault(object_id, set()).add(frame)
        elif object_id in self._painted:
            self._painted[object_id].discard(frame)

    @property
    def frames(self) -> frozenset[int]:
        """The frames with masks."""
        return frozenset(self._by_frame)

    def of_object(self, object_id: int) -> Mapping[int, FrameMask]:
        """Return an object's masks by frame, in no particular order; do not change."""
        return self._by_object.get(object_id, {})

    def on_frame(self, frame: int) -> Mapping[int, FrameMask]:
        """Return a frame's masks by object, in no particular order; do not change."""
        return self._by_frame.get(frame, {})

    def painted_frames(self, object_id: int) -> frozenset[int]:
        """Return the frames on which an object was painted."""
        return frozenset(self._painted.get(object_id, ()))

    def copy(self) -> MaskTable:
        """Return a table that later changes of this one do not reach.

        A million masks take some hundredths of a second: they are the same ones.
        """
        twin = MaskTable()
        twin._by_object = {i: row.copy() for i, row in self._by_object.items()}
        twin._by_frame = {f: found.copy() for f, found in self._by_frame.items()}
        twin._painted = {i: frames.copy() for i, frames in self._painted.items()}
        return twin

    def on_frames(self, frames: Iterable[int]) -> dict[int, dict[int, FrameMask]]:
        """Take down the masks of some frames, by frame and object."""
        return {f: dict(self._by_frame[f]) for f in frames if f in self._by_frame}


def _remove(table: dict[int, dict[int, FrameMask]], outer: int, inner: int) -> None:
    row = table.get(outer)
    if row is not None:
        row.pop(inner, None)
        if not row:
            del table[outer]
