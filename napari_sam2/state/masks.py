"""What is known about one object on one frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari_sam2.core.masks.packed import PackedMask  # noqa: TC001 (for readers of hints)
from napari_sam2.core.results import FrameResult, MaskResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_sam2.core.prompts import FramePrompts

_OVERHEAD_BYTES = 160

CERTAIN = 10.0
"""Object logit of what the user painted; of what was marked absent, it is negative."""

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


def frame_result(frame: int, masks: Mapping[int, FrameMask]) -> FrameResult:
    """Return a frame's masks, by object, as the engine would; they may overlap."""
    found = sorted(masks.items())
    return FrameResult(frame, tuple(one.as_result(i, frame) for i, one in found))


def draw_labels(
    labels: npt.NDArray[Any], masks: Mapping[int, FrameMask]
) -> npt.NDArray[Any]:
    """Draw a frame's masks, by object, as they are seen.

    Parameters
    ----------
    labels : ndarray of integers, shape (H, W)
        Drawn over, and returned; its type holds all ids.
    masks : mapping of int to FrameMask
    """
    for object_id, one in painted_order(masks):
        labels[one.mask.slices][one.mask.crop] = object_id
    return labels
