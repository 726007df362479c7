"""Answers prompts: whatever the document says without having the mask for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_sam2.control.many_answers import ManyAnswers
from napari_sam2.control.status import Activity, Topic
from napari_sam2.control.telling.snapshot import take_snapshot
from napari_sam2.core.errors import DeviceError, ModelError
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.control.requesting import News
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place

_FEW = 8
"""More questions at once are answered in portions."""


class Prompting:
    """Has the newest prompts of a place answered, soon.

    Answers are not steps of the history: undoing a prompt brings back the mask that was
    there before it.

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
        self._pending: Counter[Place] = Counter()
        self._open: set[Place] = set()
        self._many = ManyAnswers(document, dispatcher, session, request)

    def answer(self, places: Iterable[Place]) -> None:
        """Ask for the answers that are due at these places.

        Questions are asked along that never came to a tracker, because loading it was
        stopped or failed.
        """
        due = self._open.union(places, self._many.take_open())
        self._open = set()
        asked = [p for p in sorted(due) if self._document.needs_answer(*p)]
        if len(asked) > _FEW:
            self._many.answer(asked)
        else:
            for place in asked:
                self._ask(place)

    def ask_again(self) -> None:
        """Repeat all questions without an answer: another tracker is to answer them."""
        self.answer(tuple(self._pending))

    def _ask(self, place: Place) -> None:
        request, prompts = self._request(), self._document.prompts[place]
        snapshot = take_snapshot(self._document, [place[0]])

        def job(token: CancelToken) -> Generator[News | PackedResult]:
            return self._session.answer(request, snapshot, place, token)

        def take(result: PackedResult) -> None:
            if request is self._request():
                self._dispatcher.board.forgive()
                answer = edits.set_answer(self._document, result, prompts)
                self._document.apply(answer)

        def end(error: Exception | None) -> None:
            self._close(place, error if request is self._request() else None)

        self._pending[place] += 1
        self._dispatcher.send(
            Activity.ANSWERING,
            job,
            topic=Topic.PROMPTS,
            on_item=take,
            on_end=end,
            key=("answer", place),
        )

    def _close(self, place: Place, error: Exception | None) -> None:
        """Note that a question was answered, dropped or stopped, or has failed."""
        self._pending -= Counter([place])
        if error is not None:
            self._dispatcher.board.complain(error, Topic.PROMPTS)
        is_unheard = error is None or isinstance(error, ModelError | DeviceError)
        if is_unheard and place not in self._pending:
            self._open.add(place)
