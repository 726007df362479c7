"""Following objects at every position of a stack, one position after the other.

Each position is a stack of its own; what is found there is kept in a store before the
next one begins, so that work that broke off goes on after the last finished position.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from napari_sam2.control.positions.seeding import (
    Seed,
    choose_cuts,
    seed_across,
)
from napari_sam2.control.positions.visits import Visit, plan_visits
from napari_sam2.core.errors import FrameError, Sam2Error
from napari_sam2.core.results import FrameResult
from napari_sam2.core.seed_mode import SeedMode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.positions.ports import FramePlace, PositionStore, Segmenter
    from napari_sam2.core.cancel import CancelToken, Progress
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.settings import Direction


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PositionWork:
    """What is to be found where, and how.

    Attributes
    ----------
    positions : Positions
    prompts : mapping of (tuple of int) to mapping of (int, int) to FramePrompts
        What is said, by position, then by object and frame.
    open_frames : callable
        Returns the stack at a position.
    make_tracker : callable
        Returns a tracker of a stack.
    segment : callable
        Finds the objects at a position, such as :class:`AlongFrames`.
    seed : str
        How objects come to positions where they are not prompted.
    """

    positions: Positions
    prompts: Mapping[Position, Mapping[FramePlace, FramePrompts]]
    open_frames: Callable[[Position], FrameSource]
    make_tracker: Callable[[FrameSource], Tracker]
    segment: Segmenter
    seed: SeedMode = "follow"

    def __post_init__(self) -> None:
        """Reject a way to seed that is none."""
        if self.seed not in get_args(SeedMode):
            raise Sam2Error(
                f"seed is 'follow', 'masks', 'boxes' or 'none', not {self.seed!r}."
            )

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The positions in the order in which they are visited."""
        where: dict[int, set[Position]] = {}
        for position, prompts in self.prompts.items():
            for object_id, _ in prompts:
                where.setdefault(object_id, set()).add(position)
        are_seeded = self.seed != "none"
        return plan_visits(self.positions, where, are_seeded=are_seeded)

    def prompted_frames(self, object_id: int) -> frozenset[int]:
        """Return the frames on which an object is prompted, at any position."""
        return frozenset(
            frame
            for prompts in self.prompts.values()
            for one, frame in prompts
            if one == object_id
        )


@dataclass(frozen=True, slots=True, eq=False)
class AlongFrames:
    """Follows objects along the frames of a position, as a :class:`Segmenter`.

    Attributes
    ----------
    open_frames, make_tracker : callable
        As in :class:`PositionWork`.
    direction : str
        Which way to go from the prompts.
    frames : range or None
        The frames that are computed; all by default.
    """

    open_frames: Callable[[Position], FrameSource]
    make_tracker: Callable[[FrameSource], Tracker]
    direction: Direction = "both"
    frames: range | None = None

    def __call__(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        token: CancelToken | None = None,
    ) -> Generator[FrameResult]:
        """Yield the objects of frame after frame."""
        tracker = self.make_tracker(self.open_frames(position))
        for (object_id, frame), said in sorted(prompts.items(), key=lambda one: one[0]):
            tracker.set_prompts(object_id, frame, said)
        run = tracker.propagate(
            direction=self.direction, frames=self.frames, token=token
        )
        with closing(run) as results:
            yield from results


@dataclass(frozen=True, slots=True, eq=False)
class PositionStep:
    """How far the work has come.

    Attributes
    ----------
    position : tuple of int
    visit : int
        Number of the visit, from 0.
    result : FrameResult or None
        All objects found on a frame so far; None when there is no news of any.
    progress : Progress or None
        How far other work at this position has come, of which there is nothing to show.
    """

    position: Position
    visit: int
    result: FrameResult | None = None
    progress: Progress | None = None

    @property
    def is_begin(self) -> bool:
        """Whether nothing was done at this position yet."""
        return self.result is None and self.progress is None


def follow_everywhere(
    work: PositionWork, store: PositionStore, token: CancelToken | None = None
) -> Generator[PositionStep]:
    """Find objects at every position, and keep them in a store.

    What the store has already is not done again. A frame that cannot be read ends the
    way at its position only.

    Parameters
    ----------
    work : PositionWork
    store : PositionStore
    token : CancelToken, optional
        Stops between two frames; the position that was begun is then done anew.

    Yields
    ------
    PositionStep
        When a position is begun, and for every frame.

    Raises
    ------
    Sam2Error
        If a prompt cannot be answered, no frame of a position can be read, or memory is
        short. What is finished stays in the store.
    """
    for number, visit in enumerate(work.visits):
        wanted = frozenset(visit.sources) - store.finished(visit.position)
        step = PositionStep(visit.position, number)
        if not wanted:
            continue
        yield step
        with closing(_visit(work, store, visit, wanted, token)) as found:
            for one in found:
                if isinstance(one, FrameResult):
                    yield replace(step, result=one)
                else:
                    yield replace(step, progress=one)
        if token is not None and token.is_cancelled:
            return


def _visit(
    work: PositionWork,
    store: PositionStore,
    visit: Visit,
    wanted: frozenset[int],
    token: CancelToken | None,
) -> Generator[FrameResult | Progress]:
    """Find objects at a position, and finish it unless it is stopped."""
    own = work.prompts.get(visit.position, {})
    prompts = {place: said for place, said in own.items() if place[0] in wanted}
    with store.open(visit.position) as kept:
        problem = ""
        try:
            seeds = _seeds(work, store, visit, wanted, token)
            prompts |= {(i, seed.frame): seed.prompts for i, seed in seeds.items()}
            if prompts:
                with closing(work.segment(visit.position, prompts, token)) as found:
                    for one in found:
                        if isinstance(one, FrameResult):
                            one = kept.add(_with_seeds(one, seeds))
                        yield one
        except FrameError as error:
            problem = str(error)
        if token is None or not token.is_cancelled:
            kept.finish(wanted, problem)


def _seeds(
    work: PositionWork,
    store: PositionStore,
    visit: Visit,
    wanted: frozenset[int],
    token: CancelToken | None,
) -> dict[int, Seed]:
    """Return where objects without prompts of their own are at a position."""
    sources = {source for i, source in visit.sources.items() if source and i in wanted}
    seeds: dict[int, Seed] = {}
    for source in sorted(sources):
        preferred = {
            object_id: work.prompted_frames(object_id)
            for object_id in wanted
            if visit.sources[object_id] == source
        }
        cuts = choose_cuts(store.results(source), preferred)
        before, after = work.open_frames(source), work.open_frames(visit.position)
        seeds |= seed_across(cuts, before, after, work.make_tracker, work.seed, token)
    return seeds


def _with_seeds(result: FrameResult, seeds: Mapping[int, Seed]) -> FrameResult:
    """Say of masks that came from the neighbour that nobody prompted them."""
    objects = []
    for one in result:
        seed = seeds.get(one.object_id)
        if seed is not None and one.frame == seed.frame:
            one = replace(one, is_prompted=False)
            if seed.prompts.mask is not None:
                one = replace(
                    one,
                    predicted_iou=seed.predicted_iou,
                    object_logit=seed.object_logit,
                )
        objects.append(one)
    return FrameResult(result.frame, tuple(objects))
