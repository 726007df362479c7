"""Waiting for something that may stay silent, without being held up by it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")
Y = TypeVar("Y")

_POLL_SECONDS = 0.1


class SideThread:
    """A thread for calls that may hang; a context manager.

    Nobody waits for it: leaving the context in the middle of a call leaves the call to
    itself. It does not keep the program from ending either.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        threading.Thread(target=self._serve, name="weights", daemon=True).start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more calls; the thread ends with the present one."""
        self._work.put(None)

    def call(self, work: Callable[[], T], meanwhile: Y) -> Generator[Y, None, T]:
        """Call something on the thread.

        Parameters
        ----------
        work : callable
            Should share nothing with the caller, who may be gone when it returns.
        meanwhile : Y
            What to yield several times a second until then.

        Returns
        -------
        T
            What the call returned.

        Raises
        ------
        Exception
            What the call raised.
        """
        outcome: Future[T] = Future()
        self._work.put(partial(_fulfil, outcome, work))
        while not wait([outcome], _POLL_SECONDS).done:
            yield meanwhile
        return outcome.result()

    def leave(self, work: Callable[[], object]) -> None:
        """Have something done after the present call, without waiting for it."""
        self._work.put(work)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()


def _fulfil(outcome: Future[T], work: Callable[[], T]) -> None:
    try:
        outcome.set_result(work())
    except Exception as error:  # noqa: BLE001 (raised again where it is awaited)
        outcome.set_exception(error)
