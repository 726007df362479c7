"""How often to try, and what to say when it is no use."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.weights import messages
from napari_sam2.engine.weights.transfer import (
    Refused,
    Transfer,
    TransferError,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a bad connection.

    Attributes
    ----------
    tries : int
        Attempts in a row that bring nothing new before giving up.
    stall_seconds : float
        How long the server may be silent.
    pause_seconds : float
        Pause before the second attempt; it doubles from there on.
    answer_seconds : float
        How long a server that has never said anything may be silent, in all attempts.
    """

    tries: int = 5
    stall_seconds: float = 20.0
    pause_seconds: float = 1.0
    answer_seconds: float = 30.0


def persist(
    transfer: Transfer, target: Path, patience: Patience
) -> Generator[int, None, None]:
    """Try until the partial file is complete or patience ends.

    Parameters
    ----------
    transfer : Transfer
        What to complete.
    target : Path
        Where the file will lie in the end, for messages.
    patience : Patience
        How often to try.

    Yields
    ------
    int
        Bytes in the partial file so far; several times a second in pauses, too.

    Raises
    ------
    DownloadError
        If it is no use to try again, or patience has ended.
    OSError
        If the disk did not take the file.
    """
    most, failures = transfer.done, 0
    end = time.monotonic() + patience.answer_seconds
    while True:
        transfer.stall_seconds = _longest_silence(transfer, patience, end)
        try:
            yield from transfer.attempt()
            return
        except TransferError as error:
            failures = 1 if transfer.done > most else failures + 1
            most = max(most, transfer.done)
            pause = patience.pause_seconds * 2 ** (failures - 1)
            is_mute = not transfer.has_connected and time.monotonic() + pause >= end
            is_over = is_mute or failures >= patience.tries
            if is_over or _is_hopeless(error, transfer):
                raise DownloadError(_farewell(error, transfer, target)) from error
        yield from _pause(pause, transfer.done)


def _longest_silence(transfer: Transfer, patience: Patience, end: float) -> float:
    """Return for how long the next attempt waits for a word."""
    if transfer.has_connected:
        return patience.stall_seconds
    left = end - time.monotonic()
    return min(patience.stall_seconds, max(left, _POLL_SECONDS))


def _is_hopeless(error: TransferError, transfer: Transfer) -> bool:
    # A machine that was never online should be told at once, not after five tries.
    is_offline = isinstance(error, Unreachable) and not transfer.has_connected
    return isinstance(error, Refused) or is_offline


def _farewell(error: TransferError, transfer: Transfer, target: Path) -> str:
    reason = str(error)
    if isinstance(error, Unreachable) and not transfer.has_connected:
        return messages.unreachable(transfer.url, target, reason)
    if isinstance(error, Refused) or transfer.done == 0:
        return messages.refused(transfer.url, target, reason)
    return messages.interrupted(
        transfer.url, target, reason, kept=transfer.done, size=transfer.size
    )


def _pause(seconds: float, done: int) -> Iterator[int]:
    end = time.monotonic() + min(seconds, _LONGEST_PAUSE_SECONDS)
    while (left := end - time.monotonic()) > 0:
        yield done
        time.sleep(min(left, _POLL_SECONDS))
