"""The one worker thread of a window: jobs go there, their results come back by signal.

Nothing here knows what the jobs do.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtCore import QObject, Qt, Signal

from napari_sam2.control.task import GivenUp, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from napari_sam2.control.ports import Job
    from napari_sam2.core.cancel import CancelToken

T = TypeVar("T")

_IMPORTING = "<frozen importlib._bootstrap>"
_LOOK_S = 0.005
_PATIENCE_S = 1.0
_LAST_PATIENCE_S = 5.0  # when the program ends


@dataclass(slots=True, eq=False)
class _Callbacks:
    """What a task calls on the worker, posted to the GUI thread if anybody listens."""

    post: Callable[[Task, Callable[[], Any]], None]
    on_item: Callable[[Any], None] | None
    on_done: Callable[[], None] | None
    on_error: Callable[[Exception], None] | None
    task: Task = field(init=False)

    def item_came(self, item: Any) -> None:
        if self.on_item is not None:
            self.post(self.task, partial(self.on_item, item))

    def job_failed(self, error: Exception) -> None:
        if self.on_error is not None:
            self.post(self.task, partial(self.on_error, error))

    def job_ended(self) -> None:
        if self.on_done is not None:
            self.post(self.task, self.on_done)


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

    _arrived = Signal()

    def __init__(
        self, parent: QObject | None = None, *, name: str = "napari-sam2"
    ) -> None:
        super().__init__(parent)
        self._jobs: SimpleQueue[Task | None] = SimpleQueue()
        # A daemon, so that a file that never answers cannot keep the program alive.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._lock = threading.Lock()
        self._waiting: list[Task] = []
        self._current: Task | None = None
        self._news: deque[tuple[Task, Callable[[], Any]]] = deque()
        self._is_closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread.start()
        atexit.register(self.close)

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
        callbacks = _Callbacks(self._post, on_item, on_done, on_error)
        task = callbacks.task = Task(
            job, key, callbacks.item_came, callbacks.job_ended, callbacks.job_failed
        )
        if self._is_closed:
            task.token.cancel()
            return task.token
        self._drop_older(key)
        with self._lock:
            self._waiting.append(task)
        self._jobs.put(task)
        return task.token

    def _post(self, task: Task, callback: Callable[[], Any]) -> None:
        """Have something called on the GUI thread; called on any."""
        if not self._is_closed:
            self._news.append((task, callback))
            self._arrived.emit()

    def deliver_until(self, is_enough: Callable[[], bool], *, seconds: float) -> None:
        """Deliver what comes, while the caller waits and the window does nothing else.

        Python's own hook for errors hears of a callback that fails, and the caller, who
        is closing perhaps, goes on.

        Parameters
        ----------
        is_enough : callable
            Called now and then: whether nothing more is waited for.
        seconds : float
            The longest to wait.
        """
        end = time.monotonic() + seconds
        while not is_enough() and time.monotonic() < end:
            if self._news:
                try:
                    self._deliver()
                except Exception:  # noqa: BLE001 (told by the hook)
                    sys.excepthook(*sys.exc_info())
            else:
                time.sleep(_LOOK_S)

    def close(self) -> None:
        """Cancel everything, wait a little for the present step, deliver nothing more.

        A step that takes longer is given up between two of its operations. One that
        hangs within an operation, because a network drive does not answer say, ends
        unheard: its thread does not keep the program from ending. So does one that
        imports a module, which would stay half made for the whole program.
        """
        self._is_closed = True
        atexit.unregister(self.close)
        with self._lock:
            for task in (*self._waiting, self._current):
                if task is not None:
                    task.token.cancel()
            self._waiting.clear()
        self._jobs.put(None)
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            if not _is_importing(self._thread):
                _interrupt(self._thread)
                self._thread.join(_PATIENCE_S)
            # Python ends threads where they are, which an operation of torch's answers
            # with a crash.
            atexit.register(self._thread.join, _LAST_PATIENCE_S)

    def _serve(self) -> None:
        """Run jobs as they come until the lane is closed, on the worker."""
        with suppress(GivenUp):
            while (task := self._jobs.get()) is not None:
                with suppress(BaseException):  # the task has told of it
                    self._work(task)
                # Or it would live on, with all that it holds, until the next one comes
                del task

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

    def _deliver(self) -> None:
        """Call back, on the GUI thread, unless that was done while somebody waited."""
        if self._is_closed or not self._news:
            return
        task, callback = self._news.popleft()
        try:
            callback()
        except BaseException:
            task.token.cancel()
            raise


def _is_importing(thread: threading.Thread) -> bool:
    """Whether a thread is in the middle of an import."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


def _interrupt(thread: threading.Thread) -> None:
    """Raise an error in another thread as soon as it runs Python code."""
    number = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(GivenUp))
