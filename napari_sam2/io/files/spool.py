"""Pieces of bytes kept on disk until they can be put in order.

Results arrive in the order in which they are computed: backwards, from the middle, some
of them twice. Files want them in order, once.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Enough for small jobs to stay in memory; larger ones go to the disk of the output.
_IN_MEMORY_BYTES = 1 << 22


class Spool:
    """Byte strings by frame, of which the last one put counts.

    Parameters
    ----------
    folder : Path
        Where the nameless temporary file goes once it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed by close)
            _IN_MEMORY_BYTES, dir=str(folder)
        )
        self._places: dict[int, tuple[int, int]] = {}
        self._end = 0

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._places)

    def __contains__(self, key: int) -> bool:
        """Whether something was put under a key."""
        return key in self._places

    def put(self, key: int, data: bytes) -> None:
        """Keep ``data`` under a key, instead of what was there."""
        self._file.seek(self._end)
        self._file.write(data)
        self._places[key] = self._end, len(data)
        self._end += len(data)

    def get(self, key: int) -> bytes:
        """Return what was put under a key last."""
        start, length = self._places[key]
        self._file.seek(start)
        return bytes(self._file.read(length))

    def keys(self) -> list[int]:
        """Return all keys in order."""
        return sorted(self._places)

    @property
    def total_bytes(self) -> int:
        """Bytes that were put, those that were replaced included."""
        return self._end

    def close(self) -> None:
        """Throw everything away."""
        self._file.close()
