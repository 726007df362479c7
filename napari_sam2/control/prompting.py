"""Answers prompts: whatever the document says without having the mask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.snapshot import take_snapshot
from napari_sam2.control.status import Activity
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.core.cancel import CancelToken, Progress
    from napari_sam2.core.packed import PackedResult
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


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
        self._pending: dict[Place, int] = {}

    def answer(self, places: Iterable[Place]) -> None:
        """Ask for the answers that are due at these places."""
        for place in sorted(places):
            if self._document.needs_answer(*place):
                self._ask(place)

    def ask_again(self) -> None:
        """Repeat the questions that are open: another tracker is to answer them."""
        self.answer(tuple(self._pending))

    def _ask(self, place: Place) -> None:
        request, prompts = self._request(), self._document.prompts[place]
        snapshot = take_snapshot(self._document, [place[0]])

        def job(token: CancelToken) -> Generator[Progress | PackedResult]:
            return self._session.answer(request, snapshot, place, token)

        def take(result: PackedResult) -> None:
            if request is self._request():
                self._dispatcher.board.forgive()
                edits.set_answer(self._document, result, prompts).apply(self._document)

        def end(error: Exception | None) -> None:
            self._pending[place] -= 1
            if not self._pending[place]:
                del self._pending[place]
            if error is not None and request is self._request():
                self._dispatcher.board.complain(error)

        self._pending[place] = self._pending.get(place, 0) + 1
        self._dispatcher.send(
            Activity.ANSWERING, job, on_item=take, on_end=end, key=("answer", place)
        )
