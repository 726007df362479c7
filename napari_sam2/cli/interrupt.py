"""Ctrl-C as a polite request: stop before the next frame, and keep what is done."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from napari_sam2.core.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""


_STOPPING = (
    "napari-sam2: Stopping; wait for what is finished. Ctrl-C again does not wait, and "
    "may lose it.\n"
)


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
        if number == signal.SIGINT:
            _tell(_STOPPING)

    for number in (signal.SIGINT, signal.SIGTERM):
        former[number] = signal.getsignal(number)
        if former[number] is not signal.SIG_IGN:
            signal.signal(number, ask_to_stop)
    try:
        yield token
    finally:
        for asked, handler in former.items():
            signal.signal(asked, handler)


def _tell(sentence: str) -> None:
    """Write to stderr at once, whatever is being written there as the signal comes."""
    with suppress(OSError, ValueError, AttributeError):  # closed, or none
        number = sys.stderr.fileno()
        lead = "\n" if os.isatty(number) else ""  # behind the bar, and what keys echo
        os.write(number, f"{lead}{sentence}".encode())
