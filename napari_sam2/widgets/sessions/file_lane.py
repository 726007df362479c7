"""The thread on which files of the user's work are written: none is given up."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from napari_sam2.control import InlineLane
from napari_sam2.widgets.sessions.qt_lane import QtLane

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_sam2.control.ports import Job
    from napari_sam2.core.cancel import CancelToken

_PATIENCE_S = 30.0


class FileLane:
    """A lane of its own; :meth:`finish` waits for what was submitted.

    What is submitted afterwards is done at once, by the caller.
    """

    def __init__(self) -> None:
        self._lane: QtLane | InlineLane = QtLane(name="napari-sam2-files")
        self._running: list[threading.Event] = []

    def submit(
        self,
        job: Job[Any],
        *,
        on_item: Callable[[Any], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> CancelToken:
        """Do a job after those before it; call back on the thread that submits."""
        ended = threading.Event()
        self._running = [one for one in self._running if not one.is_set()]
        self._running.append(ended)

        def watched(token: CancelToken) -> Generator[Any]:
            try:
                yield from job(token)
            finally:
                ended.set()

        return self._lane.submit(
            watched, on_item=on_item, on_done=on_done, on_error=on_error
        )

    def finish(self) -> None:
        """Wait until everything is written, but not for ever on a drive that hangs."""
        until = time.monotonic() + _PATIENCE_S
        for ended in self._running:
            ended.wait(max(0.0, until - time.monotonic()))
        self._lane.close()
        self._lane = InlineLane()
