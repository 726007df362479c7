"""A run through all positions: every step is told to the tracker, and taken down.

In which order, and what seeds what, is the business of
:mod:`napari_sam2.control.positions.following`.
A seed is told as a painting, and withdrawn when its position is done, so that a replay
of what was told finds the same masks, and later runs start at the user's own prompts.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from napari_sam2.control.orders import RunStep
from napari_sam2.control.positions.following import PositionWork, follow_everywhere
from napari_sam2.control.positions.kept import unpacked
from napari_sam2.core.errors import FrameError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.recipe import Followed, Told
from napari_sam2.core.results import FrameResult

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from napari_sam2.control.orders import RunOrder
    from napari_sam2.control.ports import PositionedTracker
    from napari_sam2.control.positions.following import PositionStep
    from napari_sam2.control.positions.kept import KeptPositions
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.control.telling.told_tracker import ToldTracker
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.positions import Positions
    from napari_sam2.state.masks import Place


class FollowEverywhere:
    """Carries objects through all positions, and goes on where it was stopped.

    Parameters
    ----------
    tracker : ToldTracker
        That knows what the user said.
    store : KeptPositions
        What was found at positions before.
    """

    def __init__(self, tracker: ToldTracker, store: KeptPositions) -> None:
        self.tracker = tracker
        self._store = store

    def follow(
        self, snapshot: Snapshot, order: RunOrder, token: CancelToken
    ) -> Generator[RunStep]:
        """Yield how far it is after every frame.

        Raises
        ------
        FrameError
            At the end, if frames could not be read.
        """
        positioned = cast("PositionedTracker", self.tracker.tracker)
        segment = _Segment(self.tracker, positioned, snapshot, order)
        assert order.seed is not None
        work = PositionWork(
            positions=positioned.positions,
            prompts=segment.prompts(),
            open_frames=positioned.seen_at,
            make_tracker=positioned.make,
            segment=segment,
            seed=order.seed,
        )
        count, visits = segment.frame_count, len(work.visits)
        done, here = 0, 0
        yield RunStep(0, visits * count)
        with closing(follow_everywhere(work, self._store, token)) as steps:
            for step in steps:
                here = here + 1 if step.result is not None else 0
                done = step.visit * count + min(here, count)
                where = f"at {positioned.positions.describe(step.position)}"
                found = segment.news(step)
                yield RunStep(done, visits * count, found, where)
        if not token.is_cancelled:
            yield RunStep(visits * count, visits * count)
            self._tell_problem(positioned.positions)

    def _tell_problem(self, positions: Positions) -> None:
        for position in positions:
            if problem := self._store.problem(position):
                raise FrameError(f"At {positions.describe(position)}: {problem}")


class _Segment:
    """Finds objects at one position, by telling the tracker."""

    def __init__(
        self,
        told: ToldTracker,
        positioned: PositionedTracker,
        snapshot: Snapshot,
        order: RunOrder,
    ) -> None:
        self._told = told
        self._numbers = positioned.numbers
        self._snapshot = snapshot
        self._order = order
        self._latest: tuple[PackedResult, ...] = ()
        self._spare_id = max(snapshot.alive | told.object_ids, default=0) + 1

    @property
    def frame_count(self) -> int:
        """Number of frames to be computed at each position."""
        frames = self._order.frames
        return self._numbers.length if frames is None else len(frames)

    def prompts(self) -> Mapping[Position, Mapping[Place, FramePrompts]]:
        """Return where the user said something; what, the tracker knows."""
        found: dict[Position, dict[Place, FramePrompts]] = defaultdict(dict)
        for object_id, number in self._snapshot.said:
            position, frame = self._numbers.split(number)
            found[position][object_id, frame] = FramePrompts()
        return found

    def __call__(
        self,
        position: Position,
        prompts: Mapping[Place, FramePrompts],
        token: CancelToken | None,
    ) -> Generator[FrameResult]:
        """Yield the objects of frame after frame."""
        series = self._numbers.series_at(position)
        seeds = {
            (object_id, series[frame]): said
            for (object_id, frame), said in prompts.items()
            if (object_id, series[frame]) not in self._told.told
        }
        span = self._order.frames or range(self._numbers.length)
        step = Followed(
            tuple(sorted({object_id for object_id, _ in prompts})),
            self._order.direction,
            (series.start + span.start, series.start + span.stop),
        )
        try:
            for place, said in sorted(seeds.items(), key=lambda one: one[0]):
                self._told.tell(_seed(place, said), spare_id=self._spare_id)
            with closing(self._told.follow(step, token)) as found:
                for packed in found:
                    self._latest = packed
                    yield _local(packed, series)
        finally:
            self._withdraw(seeds)

    def news(self, step: PositionStep) -> tuple[PackedResult, ...]:
        """Return what was found last, as sure as the step says that it is."""
        if step.result is None:
            return ()
        said = {one.object_id: one for one in step.result}
        return tuple(
            replace(
                one,
                predicted_iou=float(said[one.object_id].predicted_iou),
                object_logit=float(said[one.object_id].object_logit),
                is_prompted=said[one.object_id].is_prompted,
            )
            for one in self._latest
        )

    def _withdraw(self, seeds: Iterable[Place]) -> None:
        for place in seeds:
            if place in self._told.told:
                self._told.tell(Told(*place), spare_id=self._spare_id)


def _seed(place: Place, said: FramePrompts) -> Told:
    if said.mask is not None:
        return Told(*place, painted=said.packed)
    return Told(*place, said)


def _local(packed: tuple[PackedResult, ...], series: range) -> FrameResult:
    """Return results with frames counted from the first one of a position."""
    frame = packed[0].frame - series.start
    found = (replace(unpacked(one), frame=frame) for one in packed)
    return FrameResult(frame, tuple(found))
