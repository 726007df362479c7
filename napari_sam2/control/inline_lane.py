"""A lane without a thread: jobs run now, in the caller. For scripts and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from napari_sam2.control.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from napari_sam2.control.ports import Job
    from napari_sam2.core.cancel import CancelToken

T = TypeVar("T")


class InlineLane:
    """Runs each job to its end before ``submit`` returns.

    A job that is submitted by a callback of another waits until that one is done, as on
    a lane with a thread. Errors of jobs go to ``on_error``; errors of callbacks are the
    caller's.
    """

    def __init__(self) -> None:
        self._waiting: list[Task] = []
        self._is_busy = False

    def submit(
        self,
        job: Job[T],
        *,
        key: Hashable | None = None,
        on_item: Callable[[T], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> CancelToken:
        """Run a job now; see :meth:`napari_sam2.control.ports.Lane.submit`."""
        task = Task(job, key, on_item, on_done, on_error)
        self._drop_older(key)
        self._waiting.append(task)
        if not self._is_busy:
            self._work()
        return task.token

    def close(self) -> None:
        """Drop what waits."""
        self._waiting.clear()

    def _drop_older(self, key: Hashable | None) -> None:
        for task in [t for t in self._waiting if key is not None and t.key == key]:
            self._waiting.remove(task)
            task.token.cancel()
            task.finish()

    def _work(self) -> None:
        self._is_busy = True
        try:
            while self._waiting:
                task = self._waiting.pop(0)
                while task.step():
                    pass
        finally:
            self._is_busy = False
