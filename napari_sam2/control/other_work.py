"""Work on the lane that asks no model: writing files, measuring, fine-tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from napari_sam2.control.status import Activity

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.ports import Job
    from napari_sam2.control.status import Topic
    from napari_sam2.core.cancel import Progress

T = TypeVar("T")


class OtherWork:
    """Does other work on the lane, shown and stopped as runs are.

    Parameters
    ----------
    dispatcher : Dispatcher
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def do(
        self,
        job: Job[T | Progress],
        *,
        topic: Topic,
        on_item: Callable[[T], None] | None = None,
        on_end: Callable[[], None] = lambda: None,
        outcome: Callable[[], str],
    ) -> None:
        """Queue a job.

        Parameters
        ----------
        job : callable
            Such as writing a file.
        topic : Topic
            What it is for.
        on_item : callable, optional
            Takes what the job yields, besides progress.
        on_end : callable, optional
            Called however the job ended.
        outcome : callable
            Returns what to say then, unless it failed; it is said again with what
            comes of a run that has waited.
        """
        board = self._dispatcher.board

        def end(error: Exception | None) -> None:
            on_end()
            if error is not None:
                board.complain(error, topic)
            else:
                board.say(outcome(), is_to_be_read=True)

        board.begin(topic)
        self._dispatcher.send(
            Activity.LOADING, job, topic=topic, on_item=on_item, on_end=end
        )
