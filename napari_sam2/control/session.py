"""A tracker and what it was told. Used on the lane, and nowhere else."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.control.refining import refine
from napari_sam2.control.snapshot import Refinement
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import ModelError, Sam2Error
from napari_sam2.core.packed import PackedMask, PackedResult, pack_result
from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_sam2.control.ports import Tracker, TrackerFactory, TrackerRequest
    from napari_sam2.control.snapshot import Said, Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.state.masks import Place
    from napari_sam2.state.settings import Direction


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What a run is to do.

    Attributes
    ----------
    objects : tuple of int
    direction : str
    frames : range or None
        None for the whole stack.
    resumes : RunStep or None
        How far the run had come that this one goes on with.
    """

    objects: tuple[int, ...]
    direction: Direction
    frames: range | None
    resumes: RunStep | None = None


@dataclass(frozen=True, slots=True)
class RunStep:
    """How far a run is, and what it found last.

    Attributes
    ----------
    done, steps : int
        Frames computed and frames in all; going both ways, some count twice.
    found : tuple of PackedResult
        The objects of the frame just computed; empty before the first.
    """

    done: int
    steps: int
    found: tuple[PackedResult, ...] = ()


class TrackerSession:
    """Keeps a tracker in agreement with the document, and works with it.

    The public methods are jobs for a lane.

    Parameters
    ----------
    make_tracker : TrackerFactory
    """

    def __init__(self, make_tracker: TrackerFactory) -> None:
        self._make_tracker = make_tracker
        self._request: TrackerRequest | None = None
        self._tracker: Tracker | None = None
        self._told: dict[Place, tuple[Said, PackedResult]] = {}
        self._visited: dict[int, dict[int, PackedMask]] = {}

    def prepare(
        self, request: TrackerRequest, token: CancelToken
    ) -> Generator[Progress | TrackerRequest]:
        """Have the tracker ready that ``request`` describes; yield it at the end."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is not None:
                yield request

    def answer(
        self,
        request: TrackerRequest,
        snapshot: Snapshot,
        place: Place,
        token: CancelToken,
    ) -> Generator[Progress | PackedResult]:
        """Answer the prompts of one object on one frame."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is None:
                return
            yield from self._tell(tracker, snapshot, token)
            if place in self._told and self._told[place][0] == snapshot.said[place]:
                yield self._told[place][1]

    def run(
        self,
        request: TrackerRequest,
        snapshot: Snapshot,
        order: RunOrder,
        token: CancelToken,
    ) -> Generator[Progress | RunStep]:
        """Carry objects through the stack."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is None:
                return
            yield from self._tell(tracker, snapshot, token)
            if token.is_cancelled:
                return
            begun, found = _begin(tracker, order, token)
            yield begun
            with closing(found):
                for done, result in enumerate(found, begun.done + 1):
                    packed = tuple(map(self._as_told, result))
                    for one in packed:
                        row = self._visited.setdefault(one.object_id, {})
                        row[one.frame] = one.mask
                    yield RunStep(done, begun.steps, packed)

    def _ready(
        self, request: TrackerRequest, token: CancelToken
    ) -> Generator[Progress, None, Tracker | None]:
        """Return the tracker, made anew when something else is asked for."""
        if request is self._request and self._tracker is not None:
            return self._tracker
        self._forget()  # first, so that two models are never in memory at once
        made: Tracker | None = None
        for item in self._make_tracker(request, token):
            if isinstance(item, Progress):
                yield item
            else:
                made = item
        if made is None and not token.is_cancelled:
            raise ModelError(f"The model {request.model} could not be loaded.")
        self._tracker, self._request = made, request
        return made

    def _tell(
        self, tracker: Tracker, snapshot: Snapshot, token: CancelToken
    ) -> Iterator[Progress]:
        """Tell the tracker what differs from what it was told."""
        self._remove_objects(tracker, snapshot)
        news = [p for p in sorted(snapshot.said) if not self._knows(p, snapshot)]
        for done, place in enumerate(news):
            if len(news) > 1:
                yield Progress(done, len(news), "Reading the prompts")
            if token.is_cancelled:
                return
            self._say(tracker, place, snapshot)
        # Last, so that an object whose only prompt moves keeps its memory.
        for place in [p for p in self._told if p[0] in snapshot.scope]:
            if place not in snapshot.said:
                tracker.set_prompts(*place, FramePrompts())
                del self._told[place]

    def _knows(self, place: Place, snapshot: Snapshot) -> bool:
        return place in self._told and self._told[place][0] == snapshot.said[place]

    def _say(self, tracker: Tracker, place: Place, snapshot: Snapshot) -> None:
        said = snapshot.said[place]
        if isinstance(said, Refinement):
            known = {*snapshot.alive, *(object_id for object_id, _ in self._told)}
            result = refine(tracker, place, said, spare_id=max(known) + 1)
        elif isinstance(said, PackedMask):
            result = tracker.set_prompts(*place, FramePrompts(mask=said.mask))
        else:
            seen = snapshot.corrected.get(place)
            previous = None if seen is None or seen.is_absent else seen.mask
            result = tracker.set_prompts(*place, said, previous=previous)
        if result is not None:
            self._told[place] = said, pack_result(result)

    def _as_told(self, result: MaskResult) -> PackedResult:
        """Pack a result; where a painting was refined, as it was refined."""
        told = self._told.get((result.object_id, result.frame))
        if told is not None and isinstance(told[0], Refinement):
            return told[1]
        return pack_result(result)

    def _remove_objects(self, tracker: Tracker, snapshot: Snapshot) -> None:
        """Take out objects that are gone, unprompted, or remembered otherwise."""
        spoken_of = {object_id for object_id, _ in snapshot.said}
        for object_id in {object_id for object_id, _ in self._told}:
            is_gone = object_id not in snapshot.alive
            in_scope = object_id in snapshot.scope
            is_silent = in_scope and object_id not in spoken_of
            if is_gone or is_silent or (in_scope and self._strays(object_id, snapshot)):
                tracker.remove_object(object_id)
                self._forget_object(object_id)

    def _strays(self, object_id: int, snapshot: Snapshot) -> bool:
        """Whether the tracker remembers tracking what the user does not see.

        So it is after a run was undone: a click must not be taken for a correction of
        masks that are gone.
        """
        visited = self._visited.get(object_id, {})
        return any(
            (object_id, frame) not in snapshot.said
            and (object_id, frame) not in snapshot.protected
            and snapshot.tracked.get((object_id, frame)) != mask
            for frame, mask in visited.items()
        )

    def _forget_object(self, object_id: int) -> None:
        self._told = {p: t for p, t in self._told.items() if p[0] != object_id}
        self._visited.pop(object_id, None)

    def _forget(self) -> None:
        self._tracker = None
        self._request = None
        self._told = {}
        self._visited = {}

    @contextmanager
    def _distrust(self) -> Iterator[None]:
        """Give the tracker up after an error that nobody foresaw."""
        try:
            yield
        except (Sam2Error, GeneratorExit):
            raise
        except BaseException:
            self._forget()
            raise


def _begin(
    tracker: Tracker, order: RunOrder, token: CancelToken
) -> tuple[RunStep, Generator[FrameResult]]:
    """Return how far the run is, and the frames to come.

    A run that the tracker no longer remembers is done again from its beginning.
    """
    if order.resumes is not None and tracker.is_paused:
        return order.resumes, tracker.resume(token=token)
    ids, direction, frames = order.objects, order.direction, order.frames
    plan = tracker.plan(direction=direction, frames=frames, objects=ids)
    found = tracker.propagate(
        direction=direction, frames=frames, objects=ids, token=token
    )
    return RunStep(0, len(plan)), found
