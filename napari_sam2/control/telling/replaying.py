"""Telling a tracker again what it was told, and comparing what comes of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from napari_sam2.control.telling.recording import Recorder
from napari_sam2.control.telling.told_tracker import ToldTracker
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.recipe import Followed, Made, Removed, Told
from napari_sam2.state.mask_table import MaskTable
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Contents
    from napari_sam2.state.masks import FrameMask, Place

Found: TypeAlias = "dict[tuple[int, Place], PackedResult]"
"""What a replay found, by number of the step, object and frame."""


class TrackerOfStep(Protocol):
    """Makes the tracker of a step."""

    def __call__(self, step: Made, /) -> Tracker:
        """Return a tracker that was told nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes
    ----------
    contents : Contents
        With the masks of the replay in place of those that the model gave before, and
        the steps that gave them, in the precision of this machine and with the
        intensities that were seen as black and white.
    same, changed : int
        How many of these masks are as before, to the pixel, and how many are not.
    changed_pixels : int
        The most pixels by which a mask differs.
    unknown : int
        How many masks of a model stay as they were, because the project does not say
        how they were made.
    left_out : int
        How many masks were not come to before it was stopped. They are not in
        ``contents``.
    is_stopped : bool
    """

    contents: Contents
    same: int
    changed: int
    changed_pixels: int
    unknown: int = 0
    left_out: int = 0
    is_stopped: bool = False


def replay(
    contents: Contents, make_tracker: TrackerOfStep, token: CancelToken | None = None
) -> Generator[Progress, None, Replayed]:
    """Do again what led to the masks of a project.

    What the user painted stays as it is. Masks from steps that are not known, because
    the project was made by a version that did not take them down, stay as well.

    Parameters
    ----------
    contents : Contents
    make_tracker : callable
        Makes a tracker for the model and the range of intensities of a step.
    token : CancelToken, optional
        Stops between two frames; what was found again until then is returned.

    Yields
    ------
    Progress
        In frames and prompts.

    Raises
    ------
    Sam2Error
        If a model cannot be loaded or a frame cannot be read.
    """
    wanted = _wanted(contents)
    needed = needed_steps(contents.steps, {number for number, _ in wanted})
    total = sum(_work(contents.steps[number]) for number in needed)
    found: Found = {}
    done = 0
    performer = _Performer(make_tracker)
    for number, results in _performed(performer, contents.steps, needed, token):
        for one in results:
            key = number, (one.object_id, one.frame)
            if key in wanted:
                found[key] = one
        done += 1
        yield Progress(done, total, "Replaying")
    if needed:  # later ones gave none of the masks
        contents = replace(contents, steps=performer.steps)
    if done < total and token is not None and token.is_cancelled:
        return _stopped(contents, found, wanted.difference(found))
    return _compared(contents, found)


def _performed(
    performer: _Performer,
    steps: Sequence[RecipeStep],
    needed: Iterable[int],
    token: CancelToken | None,
) -> Iterator[tuple[int, tuple[PackedResult, ...]]]:
    """Do steps; yield their number and what is found, until the token is cancelled."""
    for number in needed:
        # what nobody needs is not done, but steps keep their numbers
        performer.note(steps[len(performer.steps) : number])
        with closing(performer.perform(steps[number])) as performed:
            for results in performed:
                if token is not None and token.is_cancelled:
                    return
                yield number, results


def needed_steps(steps: Sequence[RecipeStep], numbers: set[int]) -> list[int]:
    """Return the steps to do again: from trackers that know nothing, as far as needed.

    Parameters
    ----------
    steps : sequence of RecipeStep
    numbers : set of int
        The steps whose masks are wanted.
    """
    made, last = 0, {}
    for number, step in enumerate(steps):
        if isinstance(step, Made):
            made = number
        if number in numbers:
            last[made] = number
    return [number for made, end in last.items() for number in range(made, end + 1)]


class _Performer:
    """Does steps one after the other."""

    def __init__(self, make_tracker: TrackerOfStep) -> None:
        self._recorder = Recorder()
        self._make_tracker = make_tracker
        self._tracker: ToldTracker | None = None
        self._spare_id = 1 << 32

    @property
    def steps(self) -> tuple[RecipeStep, ...]:
        """What was done or noted up to now."""
        return self._recorder.steps

    def note(self, steps: Iterable[RecipeStep]) -> None:
        """Take steps down without doing them."""
        for step in steps:
            self._recorder.add(step)

    def perform(self, step: RecipeStep) -> Generator[tuple[PackedResult, ...]]:
        """Do a step; yield what is found, frame by frame."""
        if isinstance(step, Made):
            self._tracker = None  # first, so that two are never in memory at once
            made = self._make_tracker(step)
            now = replace(step, limits=made.limits, precision=made.precision)
            self._recorder.add(now)
            self._tracker = ToldTracker(made, self._recorder)
            return
        assert self._tracker is not None, "a recipe begins with a tracker"
        if isinstance(step, Removed):
            self._tracker.remove(step)
        elif isinstance(step, Told):
            self._tracker.tell(step, spare_id=self._spare_id)
            told = self._tracker.told.get((step.object_id, step.frame))
            yield () if told is None else (told[1],)
        else:
            yield from _follow(self._tracker, step)


def _follow(tracker: ToldTracker, step: Followed) -> Iterator[tuple[PackedResult, ...]]:
    """Carry objects on for as many frames as it was done before."""
    token = CancelToken()
    done = 0
    with closing(tracker.follow(replace(step, done=0), token)) as results:
        if not step.done:
            token.cancel()
        for found in results:
            done += 1
            if done == step.done:
                token.cancel()
            yield found


def _work(step: RecipeStep) -> int:
    return step.done if isinstance(step, Followed) else int(isinstance(step, Told))


def _wanted(contents: Contents) -> set[tuple[int, Place]]:
    """Return the steps and places that the masks came from."""
    wanted = set()
    for place, mask in contents.masks.items():
        one: FrameMask | None = mask
        while one is not None:
            if one.step is not None and one.step < len(contents.steps):
                wanted.add((one.step, place))
            one = one.beneath
    return wanted


def _stopped(
    contents: Contents, found: Found, lost: set[tuple[int, Place]]
) -> Replayed:
    """Leave out the masks that were not come to: they are not what is done again."""
    kept = {
        place: mask
        for place, before in contents.masks.items()
        if (mask := _without(place, before, lost)) is not None
    }
    left_out = len(contents.masks) - len(kept)
    replayed = _compared(replace(contents, masks=MaskTable(kept)), found)
    return replace(replayed, left_out=left_out, is_stopped=True)


def _without(
    place: Place, mask: FrameMask | None, lost: set[tuple[int, Place]]
) -> FrameMask | None:
    if mask is None or (mask.step is not None and (mask.step, place) in lost):
        return None  # what lies beneath was corrected since
    return replace(mask, beneath=_without(place, mask.beneath, lost))


def _compared(contents: Contents, found: Found) -> Replayed:
    masks: dict[Place, FrameMask] = {}
    same, changed, worst, unknown = 0, 0, 0, 0
    for place, before in contents.masks.items():
        after = _renewed(place, before, found)
        masks[place] = after
        if after is before:
            unknown += before.origin is not Origin.PAINTED
        elif after.mask == before.mask:
            same += 1
        else:
            changed += 1
            difference = after.mask.mask ^ before.mask.mask
            worst = max(worst, int(difference.sum()))
    contents = replace(contents, masks=MaskTable(masks))
    return Replayed(contents, same, changed, worst, unknown)


def _renewed(
    place: Place, before: FrameMask, found: Mapping[tuple[int, Place], PackedResult]
) -> FrameMask:
    """Return a mask as it was found again; itself where nothing was."""
    beneath = before.beneath and _renewed(place, before.beneath, found)
    result = None if before.step is None else found.get((before.step, place))
    if result is None:
        return before if beneath is before.beneath else replace(before, beneath=beneath)
    return replace(
        before,
        mask=result.mask,
        predicted_iou=result.predicted_iou,
        object_logit=result.object_logit,
        beneath=beneath,
    )
