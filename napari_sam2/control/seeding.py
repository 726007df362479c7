"""From the masks at one position to prompts at its neighbour."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_sam2.control.outlining import box_around
from napari_sam2.core.frames import check_frame
from napari_sam2.core.packed import pack_mask
from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.results import FrameResult, MaskResult

SeedMode = Literal["follow", "masks", "boxes", "none"]
"""How an object comes to a position where it is not prompted: it is followed from the
neighbour on one frame, as through time; its mask, or the box around it, is taken as it
is on that frame; or it does not come."""

# A smaller cut than this share of the largest says too little about the object.
_WORTHY_SHARE = 0.5
_WORTHY_IOU = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """What is said about an object at a position in the user's place.

    Attributes
    ----------
    frame : int
    prompts : FramePrompts
    predicted_iou, object_logit : float
        How sure the model was of it.
    """

    frame: int
    prompts: FramePrompts
    predicted_iou: float
    object_logit: float


def choose_cuts(
    results: Iterable[FrameResult], preferred: Mapping[int, Collection[int]]
) -> dict[int, MaskResult]:
    """Choose, for each object, the mask that says most about it.

    This is the largest one, weighted by confidence; or one on a frame that the user
    prompted, as long as that cut is not a small one.

    Parameters
    ----------
    results : iterable of FrameResult
        Of one position, each frame once.
    preferred : mapping of int to collection of int
        The objects that are wanted, and the frames on which they were prompted.

    Returns
    -------
    dict of int to MaskResult
        Objects that are not seen with any confidence are left out: they have gone.
    """
    largest: dict[int, MaskResult] = {}
    prompted: dict[int, MaskResult] = {}
    for frame in results:
        for one in frame:
            if one.object_id not in preferred or not _is_sure(one):
                continue
            _keep_larger(largest, one)
            if one.frame in preferred[one.object_id]:
                _keep_larger(prompted, one)
    return {
        object_id: prompted[object_id]
        if object_id in prompted
        and _weight(prompted[object_id]) >= _WORTHY_SHARE * _weight(one)
        else one
        for object_id, one in largest.items()
    }


def _is_sure(one: MaskResult) -> bool:
    return (
        not one.is_absent and one.object_logit > 0 and one.predicted_iou >= _WORTHY_IOU
    )


def _weight(one: MaskResult) -> float:
    return one.area * one.predicted_iou


def _keep_larger(kept: dict[int, MaskResult], one: MaskResult) -> None:
    if one.object_id not in kept or _weight(one) > _weight(kept[one.object_id]):
        kept[one.object_id] = one


def seeds_as_they_are(
    cuts: Mapping[int, MaskResult], mode: Literal["masks", "boxes"]
) -> dict[int, Seed]:
    """Take masks, or boxes around them, for prompts at the neighbour."""
    return {
        object_id: Seed(
            one.frame,
            _prompts(one, mode),
            one.predicted_iou,
            one.object_logit,
        )
        for object_id, one in cuts.items()
    }


def _prompts(one: MaskResult, mode: Literal["masks", "boxes"]) -> FramePrompts:
    if mode == "masks":
        return FramePrompts(mask=one.mask)
    return FramePrompts(box_yxyx=box_around(pack_mask(one.mask)))


def follow_across(
    cuts: Mapping[int, MaskResult],
    before: FrameSource,
    after: FrameSource,
    make_tracker: Callable[[FrameSource], Tracker],
    token: CancelToken | None = None,
) -> dict[int, Seed]:
    """Follow objects from one position to the next, each on its own frame.

    Parameters
    ----------
    cuts : mapping of int to MaskResult
        Where the objects are at the first position.
    before, after : FrameSource
        The two positions.
    make_tracker : callable
        Makes a tracker of a stack.
    token : CancelToken, optional
        Stops between two frames.

    Returns
    -------
    dict of int to Seed
        Masks at the second position; objects that are not seen there are left out.
    """
    seeds: dict[int, Seed] = {}
    for frame in sorted({one.frame for one in cuts.values()}):
        tracker = make_tracker(PairedFrames(before, after, frame))
        for object_id, one in sorted(cuts.items()):
            if one.frame == frame:
                tracker.set_prompts(object_id, 0, FramePrompts(mask=one.mask))
        with closing(tracker.propagate(direction="forward", token=token)) as found:
            for result in found:
                if result.frame == 1:
                    seeds |= _seen(result, frame)
    return seeds


def _seen(result: FrameResult, frame: int) -> dict[int, Seed]:
    return {
        one.object_id: Seed(
            frame, FramePrompts(mask=one.mask), one.predicted_iou, one.object_logit
        )
        for one in result
        if _is_sure(one)
    }


@dataclass(frozen=True, slots=True, eq=False)
class PairedFrames:
    """The same frame of two stacks as a stack of two: a ``FrameSource``.

    Attributes
    ----------
    before, after : FrameSource
    frame : int
    """

    before: FrameSource
    after: FrameSource
    frame: int

    def __len__(self) -> int:
        """Count the frames: two."""
        return 2

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one of the two."""
        check_frame(frame, 2)
        return (self.before, self.after)[frame][self.frame]

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self.before.shape_hw

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.before.dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures."""
        return self.before.is_rgb
