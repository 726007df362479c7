"""A lane whose jobs move only when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from napari_sam2.control.task import Task
from napari_sam2.core.cancel import CancelToken


class ManualLane:
    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.is_closed = False

    def submit(
        self,
        job,
        *,
        key: Hashable | None = None,
        on_item: Callable | None = None,
        on_done: Callable | None = None,
        on_error: Callable | None = None,
    ) -> CancelToken:
        task = Task(job, key, on_item, on_done, on_error)
        for older in [t for t in self.tasks[1:] if key is not None and t.key == key]:
            self.tasks.remove(older)
            older.finish()
        self.tasks.append(task)
        return task.token

    def step(self, count: int = 1) -> None:
        """Compute and deliver items of the first job, or end it."""
        for _ in range(count):
            task = self.tasks[0]
            if not task.step():
                self.tasks.remove(task)

    def finish(self) -> None:
        """Do everything that is queued."""
        while self.tasks:
            self.step()

    def close(self) -> None:
        self.is_closed = True
        self.tasks.clear()
