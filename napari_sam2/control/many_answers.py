"""Answers many prompts in portions, each of which changes the document once.

So it is after labels were imported as boxes or points, or when the picture that the
model sees is another one. One edit per answer would keep a window from doing anything
else, and one job for all of them would keep a click waiting.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from napari_sam2.control.status import Activity, Topic
from napari_sam2.control.telling.snapshot import take_snapshot
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import DeviceError, ModelError
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.control.requesting import News
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place

_LARGEST = 128
_LONGEST_S = 0.1


class ManyAnswers:
    """Has many places answered, one portion after the other.

    What is asked elsewhere in the meantime comes between two portions, and what is
    answered there is not asked again. Stopping keeps the answers that are there.

    Parameters
    ----------
    document : Document
    dispatcher : Dispatcher
    session : TrackerSession
        Used on the lane only.
    request : callable
        Returns what the tracker is to be made from, now.
    """

    def __init__(
        self,
        document: Document,
        dispatcher: Dispatcher,
        session: TrackerSession,
        request: Callable[[], TrackerRequest],
    ) -> None:
        self._document = document
        self._dispatcher = dispatcher
        self._session = session
        self._request = request
        # dicts without values, because sets do not remember an order
        self._waiting: dict[Place, None] = {}
        self._open: dict[Place, None] = {}
        self._is_going_on = False
        self._done = 0

    def answer(self, places: Iterable[Place]) -> None:
        """Have these places answered after those that wait already."""
        self._waiting |= dict.fromkeys(places)
        if not self._is_going_on:
            self._done = 0
            self._send_next()

    def take_open(self) -> tuple[Place, ...]:
        """Hand over the places that were not answered when the portions ended."""
        places, self._open = tuple(self._open), {}
        return places

    def _send_next(self) -> None:
        places = (p for p in self._waiting if self._document.needs_answer(*p))
        asked = {p: self._document.prompts[p] for p in islice(places, _LARGEST)}
        self._is_going_on = bool(asked)
        if not asked:
            self._waiting.clear()
            return
        portion = _Portion(self._request(), asked)
        total = self._done + len(self._waiting)
        progress = Progress(self._done, total, "Answering the prompts")
        object_ids = {object_id for object_id, _ in asked}
        snapshots = {i: take_snapshot(self._document, [i]) for i in object_ids}

        def job(token: CancelToken) -> Generator[News | PackedResult]:
            yield progress
            yield from self._answer(portion, snapshots, token)

        self._dispatcher.send(
            Activity.LOADING,
            job,
            topic=Topic.PROMPTS,
            on_item=portion.found.append,
            on_end=lambda error: self._end(portion, error),
            token=portion.token,
        )

    def _answer(
        self, portion: _Portion, snapshots: Mapping[int, Snapshot], token: CancelToken
    ) -> Generator[News | PackedResult]:
        """Answer until it is time to let others have the lane, on the lane."""
        began = time.monotonic()
        for place in portion.asked:
            snapshot = snapshots[place[0]]
            answer = self._session.answer(portion.request, snapshot, place, token)
            with closing(answer) as items:
                yield from items
            if time.monotonic() - began > _LONGEST_S:
                return

    def _end(self, portion: _Portion, error: Exception | None) -> None:
        """Take the answers over, and go on with the next portion."""
        if portion.request is not self._request():
            portion.found.clear()
            error = None
        elif error is not None:
            self._dispatcher.board.complain(error, Topic.PROMPTS)
        elif portion.found:
            self._dispatcher.board.forgive()
        self._note(portion, error)
        self._document.apply(
            edits.set_answers(self._document, portion.found, portion.asked)
        )
        self._send_next()

    def _note(self, portion: _Portion, error: Exception | None) -> None:
        """Cross out what was answered and what cannot be; set aside what may be yet."""
        answered = {(one.object_id, one.frame) for one in portion.found}
        unanswered = [place for place in portion.asked if place not in answered]
        if isinstance(error, ModelError | DeviceError) or portion.token.is_cancelled:
            self._open, self._waiting = {**self._waiting}, {}
        elif error is not None and unanswered:
            answered.add(unanswered[0])  # they are asked in order: it failed there
        elif not portion.found and portion.request is self._request():
            answered.update(unanswered)  # or they would be asked for ever
        for place in answered:
            self._waiting.pop(place, None)
            self._open.pop(place, None)
        self._done += len(answered)


@dataclass(frozen=True, slots=True, eq=False)
class _Portion:
    """Questions that are asked together, and the answers so far."""

    request: TrackerRequest
    asked: Mapping[Place, FramePrompts]
    found: list[PackedResult] = field(default_factory=list)
    token: CancelToken = field(default_factory=CancelToken)
