"""From the masks at one position to prompts at its neighbour."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.control.positions.outlining import box_around
from napari_sam2.core.frames.passed import LikeFrames
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.geometry import mask_iou
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import numpy.typing as npt

    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.core.seed_mode import SeedMode

# A smaller cut than this share of the largest says too little about the object.
_WORTHY_SHARE = 0.5
_WORTHY_IOU = 0.3
# Followed there and back, an object that is still there is found like this; measured on
# nuclei, cells and organs that were shifted, or erased.
_LEAST_RETURN = 0.4


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


def seed_across(
    cuts: Mapping[int, MaskResult],
    before: FrameSource,
    after: FrameSource,
    make_tracker: Callable[[FrameSource], Tracker],
    mode: SeedMode = "follow",
    token: CancelToken | None = None,
) -> dict[int, Seed]:
    """Follow objects from one position to the next, each on its own frame.

    What is found is followed back, too: where that does not lead to where the object
    was, another object was found in the place of one that has gone.

    Parameters
    ----------
    cuts : mapping of int to MaskResult
        Where the objects are at the first position.
    before, after : FrameSource
        The two positions.
    make_tracker : callable
        Makes a tracker of a stack.
    mode : str, optional
        What is said at the second position of objects that are there.
    token : CancelToken, optional
        Stops between two frames.

    Returns
    -------
    dict of int to Seed
        Objects that are not found at the second position are left out.
    """
    seeds: dict[int, Seed] = {}
    for frame in sorted({one.frame for one in cuts.values()}):
        here = {i: one for i, one in cuts.items() if one.frame == frame}
        tracker = make_tracker(PairedFrames(before, after, frame))
        there = _follow(tracker, here, 0, token)
        # under other numbers, as the tracker knows these objects already
        spare = {i + max(here): one for i, one in there.items()}
        back = _follow(tracker, spare, 1, token)
        for object_id, found in there.items():
            again = back.get(object_id + max(here))
            if _is_back(again, here[object_id]):
                said = _prompts(here[object_id], found, mode)
                seeds[object_id] = Seed(
                    frame, said, found.predicted_iou, found.object_logit
                )
    return seeds


def _follow(
    tracker: Tracker,
    masks: Mapping[int, MaskResult],
    start: int,
    token: CancelToken | None,
) -> dict[int, MaskResult]:
    """Follow masks from one of two frames to the other; return what is surely there."""
    for object_id, one in sorted(masks.items()):
        tracker.set_prompts(object_id, start, FramePrompts(mask=one.mask))
    if not masks:
        return {}
    run = tracker.propagate(
        direction="backward" if start else "forward",
        objects=sorted(masks),
        token=token,
    )
    with closing(run) as results:
        found = [one for result in results if result.frame != start for one in result]
    return {one.object_id: one for one in found if _is_sure(one)}


def _is_back(again: MaskResult | None, before: MaskResult) -> bool:
    if again is None:
        return False
    return mask_iou(again.mask, before.mask) >= _LEAST_RETURN


def _prompts(before: MaskResult, found: MaskResult, mode: SeedMode) -> FramePrompts:
    if mode == "follow":
        return FramePrompts(mask=found.mask)
    if mode == "masks":
        return FramePrompts(mask=before.mask)
    return FramePrompts(box_yxyx=box_around(pack_mask(before.mask)))


@dataclass(frozen=True, slots=True, eq=False)
class PairedFrames(LikeFrames):
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
    def _like(self) -> FrameSource:
        return self.before
