"""Ctrl-C as a polite request: stop before the next frame, and keep what is done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_sam2.core.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""


@contextmanager
def stop_on_interrupt() -> Iterator[CancelToken]:
    """Give a token that Ctrl-C, or a polite kill, cancels.

    A second Ctrl-C does not wait any longer: it raises KeyboardInterrupt as usual.
    Where an interrupt is being ignored, as in background jobs, it stays ignored.
    """
    token = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield token  # only the main thread may ask for signals
        return
    former: dict[int, Any] = {}

    def ask_to_stop(number: int, _frame: object) -> None:
        token.cancel()
        signal.signal(number, former[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        former[number] = signal.getsignal(number)
        if former[number] is not signal.SIG_IGN:
            signal.signal(number, ask_to_stop)
    try:
        yield token
    finally:
        for asked, handler in former.items():
            signal.signal(asked, handler)
