"""The one worker thread of a window: jobs go there, their results come back by signal.

Nothing here knows what the jobs do.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtCore import QObject, Qt, Signal

from napari_sam2.control.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from napari_sam2.control.ports import Job
    from napari_sam2.core.cancel import CancelToken

T = TypeVar("T")


class QtLane(QObject):
    """A :class:`napari_sam2.control.ports.Lane` with a thread of its own.

    Make it on the GUI thread: that is where its callbacks come. A callback that fails
    ends its job, and Python's own hook for errors hears of it.

    Parameters
    ----------
    parent : QObject, optional
    name : str, optional
        Of the thread, for debuggers.
    """

    _arrived = Signal(object, object)

    def __init__(
        self, parent: QObject | None = None, *, name: str = "napari-sam2"
    ) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._waiting: list[Task] = []
        self._current: Task | None = None
        self._is_closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        job: Job[T],
        *,
        key: Hashable | None = None,
        on_item: Callable[[T], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> CancelToken:
        """Queue a job; see :meth:`napari_sam2.control.ports.Lane.submit`."""
        task: Task
        post = self._arrived.emit

        def item_came(item: T) -> None:
            if on_item is not None:
                post(task, partial(on_item, item))

        def job_failed(error: Exception) -> None:
            if on_error is not None:
                post(task, partial(on_error, error))

        def job_ended() -> None:
            if on_done is not None:
                post(task, on_done)

        task = Task(job, key, item_came, job_ended, job_failed)
        if self._is_closed:
            task.token.cancel()
            return task.token
        self._drop_older(key)
        with self._lock:
            self._waiting.append(task)
        self._executor.submit(self._work, task)
        return task.token

    def close(self) -> None:
        """Cancel everything, wait for the present step, deliver nothing more."""
        self._is_closed = True
        with self._lock:
            for task in (*self._waiting, self._current):
                if task is not None:
                    task.token.cancel()
            self._waiting.clear()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _drop_older(self, key: Hashable | None) -> None:
        """Take waiting jobs of the same key out of the queue: the latest wins."""
        if key is None:
            return
        with self._lock:
            older = [task for task in self._waiting if task.key == key]
            for task in older:
                self._waiting.remove(task)
        for task in older:
            task.token.cancel()
            task.finish()

    def _work(self, task: Task) -> None:
        """Run a job to its end, on the worker."""
        with self._lock:
            if task not in self._waiting:
                return
            self._waiting.remove(task)
            self._current = task
        try:
            while task.step():
                pass
        finally:
            with self._lock:
                self._current = None

    def _deliver(self, task: Task, callback: Callable[[], Any]) -> None:
        """Call back, on the GUI thread."""
        if self._is_closed:
            return
        try:
            callback()
        except BaseException:
            task.token.cancel()
            raise
