"""One process at a time may write a file, on every operating system.

The operating system's own locks are used, because they vanish with the process that
holds them: nothing is left behind by a crash that somebody would have to clean up.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


class LockState(Enum):
    """What became of an attempt to take a lock."""

    HELD = "held"
    BUSY = "busy"
    UNSUPPORTED = "unsupported"


class FileLock:
    """An exclusive lock between processes, kept in a small file that stays behind.

    Parameters
    ----------
    path : Path
        The lock file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_acquire(self) -> LockState:
        """Take the lock if it is free; never wait.

        Some network drives know no locks: the caller then has to do without.

        Raises
        ------
        OSError
            If the lock file cannot be made.
        """
        if self._descriptor is not None:
            return LockState.HELD
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        state = _try_lock(descriptor)
        if state is LockState.HELD:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return state

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        """Return the lock, not yet taken."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> LockState:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return LockState.BUSY
        except OSError:
            return LockState.UNSUPPORTED
        return LockState.HELD

else:
    import fcntl

    def _try_lock(descriptor: int) -> LockState:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return LockState.BUSY
        except OSError:
            return LockState.UNSUPPORTED
        return LockState.HELD
