"""One job on its way through a lane; what lanes are built of."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from napari_sam2.control.status import is_foreseen
from napari_sam2.core.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable

    from napari_sam2.control.ports import Job

_LOG = logging.getLogger(__name__)


class GivenUp(SystemExit):
    """Raised in a worker from outside: nobody waits for what it does any more."""


class Task:
    """A submitted job, its token and its callbacks, run step by step on one thread.

    Parameters
    ----------
    job, key, on_item, on_done, on_error
        As for :meth:`napari_sam2.control.ports.Lane.submit`.
    """

    def __init__(
        self,
        job: Job[Any],
        key: Hashable | None,
        on_item: Callable[[Any], None] | None,
        on_done: Callable[[], None] | None,
        on_error: Callable[[Exception], None] | None,
    ) -> None:
        self.key = key
        self.token = CancelToken()
        self._job = job
        self._items: Generator[Any] | None = None
        self._on_item = on_item
        self._on_done = on_done
        self._on_error = on_error

    def step(self) -> bool:
        """Compute and deliver one item; return whether there may be more."""
        if self.token.is_cancelled:
            self.finish()
            return False
        try:
            if self._items is None:
                self._items = self._job(self.token)
            item = next(self._items)
        except StopIteration:
            self.finish()
            return False
        except Exception as error:  # noqa: BLE001 (a lane is where all errors end)
            self._items = None
            self._fail(error)
            return False
        except GivenUp:
            self._items = None
            raise
        except BaseException as error:
            # Libraries written in Rust panic with these: whoever waits must hear of it.
            self._items = None
            self._fail(_as_exception(error))
            raise
        self._deliver(item)
        return True

    def _deliver(self, item: Any) -> None:
        """Hand an item over; a callback that fails ends the job, and is not excused."""
        try:
            if self._on_item is not None:
                self._on_item(item)
        except BaseException:
            self.finish()
            raise

    def finish(self) -> None:
        """Close the job, begun or not, and say that it is done."""
        items, self._items = self._items, None
        try:
            if items is not None:
                items.close()
        except Exception as error:  # noqa: BLE001 (as above)
            self._fail(error)
            return
        if self._on_done is not None:
            self._on_done()

    def _fail(self, error: Exception) -> None:
        if not is_foreseen(error):
            _LOG.error("A job failed: %r", error, exc_info=error)
        if self._on_error is not None:
            self._on_error(error)


def _as_exception(error: BaseException) -> Exception:
    wrapped = RuntimeError(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped.with_traceback(error.__traceback__)
