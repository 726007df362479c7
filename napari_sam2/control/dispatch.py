"""Sends jobs to the lane and keeps the status in step with them."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from napari_sam2.control.requesting import Opened
from napari_sam2.control.runs.pace import TimeLeft
from napari_sam2.control.status import Activity, Topic
from napari_sam2.core.cancel import CancelToken, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable

    from napari_sam2.control.ports import Job, Lane
    from napari_sam2.control.requesting import News
    from napari_sam2.control.status import StatusBoard

T = TypeVar("T")


class Dispatcher:
    """One lane and one status for all parts of a controller.

    When the last job is done, however it ended, the status is idle.

    Parameters
    ----------
    lane : Lane
    board : StatusBoard
    on_opened : callable, optional
        Takes what is known of a model once it was opened.
    """

    def __init__(
        self,
        lane: Lane,
        board: StatusBoard,
        on_opened: Callable[[Opened], None] = lambda _: None,
    ) -> None:
        self.board = board
        self._on_opened = on_opened
        self._lane = lane
        self._queue: list[_Errand] = []
        self._is_closed = False

    def send(
        self,
        activity: Activity,
        job: Job[T | News],
        *,
        topic: Topic,
        on_item: Callable[[T], None] | None = None,
        on_end: Callable[[Exception | None], None] | None = None,
        key: Hashable | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Queue a job.

        Parameters
        ----------
        activity : Activity
            What the status is while the job is the first in the queue.
        job : callable
            A generator function of a token. Items of class ``Progress`` go to the
            status, those of class ``Opened`` to who wants to know, others to
            ``on_item``.
        topic : Topic
            What it is for.
        on_item : callable
        on_end : callable, optional
            Called once, before the status is idle, with None or the error. Without it
            errors are shown.
        key : hashable, optional
            A queued job of the same key is dropped.
        token : CancelToken, optional
            Stops the job after the item that it is at, which is still delivered.
        """
        errand = _Errand(activity, topic, token or CancelToken())
        self._queue.append(errand)
        self.refresh()

        def take(item: T | News) -> None:
            if not self._is_closed:
                self._take(errand, item, on_item)

        def end(error: Exception | None = None) -> None:
            self._end(errand, error, on_end)

        # Not the lane's token: it is known only after the job was queued, and by then
        # a lane without a thread has done it.
        self._lane.submit(
            lambda _: _until_cancelled(job, errand.token),
            key=key,
            on_item=take,
            on_done=end,
            on_error=end,
        )

    def tidy(self, job: Job[News]) -> None:
        """Queue a job that is done at once; of those that wait, the last is enough."""
        self.send(Activity.ANSWERING, job, topic=Topic.MODEL, key="tidy")

    def stop(self, *, but: Topic | None = None) -> None:
        """Ask every job to stop that takes long; answers are soon there anyway.

        Parameters
        ----------
        but : Topic, optional
            What is to go on.
        """
        is_loading = any(errand.is_loading for errand in self._queue)
        for errand in self._queue:
            is_long = is_loading or errand.activity is not Activity.ANSWERING
            if is_long and errand.topic is not but:
                errand.token.cancel()
        self.refresh()

    def close(self) -> None:
        """Ask every job to stop, and hear nothing more of them."""
        self._is_closed = True
        for errand in self._queue:
            errand.token.cancel()

    def refresh(self) -> None:
        """Show what the first job in the queue does."""
        if not self._is_closed:
            activity = self._queue[0].phase if self._queue else Activity.IDLE
            self.board.show(activity=activity)

    def _take(
        self,
        errand: _Errand,
        item: T | News,
        on_item: Callable[[T], None] | None,
    ) -> None:
        if isinstance(item, Progress):
            errand.is_loading = True
            left = errand.time_left.seconds(item, time.monotonic())
            self.board.show(progress=item, seconds_left=left)
            self.refresh()
        else:
            errand.is_loading = False
            self.refresh()
            if isinstance(item, Opened):
                self._on_opened(item)
            elif on_item is not None:
                on_item(item)

    def _end(
        self,
        errand: _Errand,
        error: Exception | None,
        on_end: Callable[[Exception | None], None] | None,
    ) -> None:
        self._queue.remove(errand)
        if self._is_closed:
            return
        try:
            if on_end is not None:
                on_end(error)
            elif error is not None:
                self.board.complain(error, errand.topic)
        finally:
            # Work in portions has one progress, which does not come and go.
            is_continued = self._queue and self._queue[0].activity is errand.activity
            if not is_continued:
                self.board.rest()
            self.refresh()


@dataclass(slots=True, eq=False)
class _Errand:
    """A job that was sent, until it ends."""

    activity: Activity
    topic: Topic
    token: CancelToken
    is_loading: bool = False
    time_left: TimeLeft = field(default_factory=TimeLeft)

    @property
    def phase(self) -> Activity:
        phase = Activity.LOADING if self.is_loading else self.activity
        if self.token.is_cancelled and phase is not Activity.ANSWERING:
            return Activity.STOPPING
        return phase


def _until_cancelled(job: Job[T], token: CancelToken) -> Generator[T]:
    with closing(job(token)) as items:
        while not token.is_cancelled:
            try:
                item = next(items)
            except StopIteration:
                return
            yield item
