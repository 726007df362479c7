"""Bytes that are kept in memory up to a limit, and beyond it in a file without a name.

Pieces are put together in segments of about a megabyte, which go to the file as they
are, the oldest first. A segment is gone when nobody has a piece of it any more, and its
place in the file is used again.

A plain file, rather than a Zarr store or a database: pieces are of any length, written
once, read by their place, and of no use to another program or another day.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ref

from psygnal import Signal

from napari_sam2.core.errors import StorageError

if TYPE_CHECKING:
    from napari_sam2.core.masks.packed import PackedMask

_MIB = 1 << 20


class Stored:
    """A piece of bytes, made by :meth:`Spill.put`; it lasts as long as it is held."""

    __slots__ = ("_length", "_segment", "_start")

    def __init__(self, segment: _Segment, start: int, length: int) -> None:
        self._segment = segment
        self._start = start
        self._length = length

    def __len__(self) -> int:
        """Return the number of bytes."""
        return self._length

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """Return the bytes, or some of them; any thread may ask for them.

        Raises
        ------
        StorageError
            If the file cannot be read any more.
        """
        length = self._length - start if length is None else length
        return self._segment.read(self._start + start, length)

    def __reduce__(self) -> tuple[Any, ...]:
        """Become plain bytes where they are copied to another program, say."""
        return bytes, (self.read(),)


class Spill:
    """Keeps bytes; any thread may put some, and any read them.

    Parameters
    ----------
    memory_bytes : int, optional
        How much stays in memory.
    segment_bytes : int, optional
        How much goes to the file at once.
    least_bytes : int, optional
        Pixels of masks that take less are not worth it: to know where they are takes
        as much.
    folder : Path, optional
        Where the file is made when it is needed; see :func:`spill_folder`.
    """

    failed = Signal(StorageError)
    """The file cannot be written, so that everything stays in memory; said once."""

    def __init__(
        self,
        *,
        memory_bytes: int = 256 * _MIB,
        segment_bytes: int = _MIB,
        least_bytes: int = 128,
        folder: Path | None = None,
    ) -> None:
        self.is_full = False
        self._most = memory_bytes
        self._least = least_bytes
        self._file = _File(spill_folder() if folder is None else folder, segment_bytes)
        self._segment_bytes = segment_bytes
        self._lock = Lock()
        self._gone: deque[tuple[int, int | None]] = deque()
        self._open = _Segment(self._file, self._gone)
        self._in_memory: deque[ref[_Segment]] = deque()
        self._sealed_bytes = 0

    @property
    def memory_bytes(self) -> int:
        """How much is in memory."""
        with self._lock:
            self._take_back()
            return self._sealed_bytes + self._open.size

    @property
    def disk_bytes(self) -> int:
        """How much of the file is in use."""
        with self._lock:
            self._take_back()
            return self._file.used_bytes

    def keep(self, mask: PackedMask) -> None:
        """Hold the pixels of a mask, unless they are few, or held already."""
        if isinstance(mask.held, bytes) and len(mask.held) >= self._least:
            mask.move(self.put(mask.held))

    def put(self, data: bytes) -> Stored:
        """Keep a piece of bytes as long as somebody has what is returned."""
        problem = None
        with self._lock:
            if self._open.size and self._open.size + len(data) > self._segment_bytes:
                problem = self._seal()
            segment = self._open
            stored = Stored(segment, segment.append(data), len(data))
        if problem is not None:
            self.failed.emit(problem)
        return stored

    def _seal(self) -> StorageError | None:
        """Begin another segment, and move the oldest ones to the file."""
        self._in_memory.append(ref(self._open))
        self._sealed_bytes += self._open.size
        self._open = _Segment(self._file, self._gone)
        self._take_back()
        try:
            while self._sealed_bytes > self._most and self._in_memory:
                self._move_oldest()
        except OSError as error:
            was_full, self.is_full = self.is_full, True
            return None if was_full else _explained(error, self._file.folder)
        self.is_full = False
        return None

    def _move_oldest(self) -> None:
        segment = self._in_memory[0]()
        if segment is not None:
            segment.move()
            self._sealed_bytes -= segment.size
        self._in_memory.popleft()

    def _take_back(self) -> None:
        """Count what nobody holds any more."""
        while self._gone:
            size, place = self._gone.popleft()
            if place is None:
                self._sealed_bytes -= size
            else:
                self._file.free(place, size)


class _Segment:
    """Pieces one after the other, in memory or in the file."""

    __slots__ = ("__weakref__", "_bytes", "_file", "_gone", "_place", "size")

    def __init__(self, file: _File, gone: deque[tuple[int, int | None]]) -> None:
        self._bytes: bytearray | None = bytearray()
        self._file = file
        self._gone = gone
        self._place: int | None = None
        self.size = 0

    def append(self, data: bytes) -> int:
        """Add a piece; return where it begins."""
        assert self._bytes is not None
        start = self.size
        self._bytes += data
        self.size += len(data)
        return start

    def read(self, start: int, length: int) -> bytes:
        # It may be moved meanwhile: then what was in memory is still here.
        held = self._bytes
        if held is not None:
            return bytes(held[start : start + length])
        assert self._place is not None
        return self._file.read(self._place + start, length)

    def move(self) -> None:
        """Go to the file."""
        assert self._bytes is not None
        self._place = self._file.write(self._bytes)
        self._bytes = None

    def __del__(self) -> None:
        """Have the place used again; whichever thread this is, it must not wait."""
        self._gone.append((self.size, self._place))


class _File:
    """A file without a name, in slots of which each is free or in use."""

    def __init__(self, folder: Path, slot_bytes: int) -> None:
        self.folder = folder
        self._slot_bytes = slot_bytes
        self._file: Any = None
        self._lock = Lock()
        self._free: list[int] = []
        self._end = 0

    @property
    def used_bytes(self) -> int:
        return self._end - len(self._free) * self._slot_bytes

    def write(self, data: bytearray) -> int:
        """Write somewhere; return where it begins."""
        if self._file is None:
            # It is closed, and gone, with the last piece of it.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115
                dir=self.folder, buffering=0
            )
        slots = self._slots(len(data))
        is_used_again = slots == 1 and self._free
        place = self._free[-1] if is_used_again else self._end
        self._write_at(place, data)
        if is_used_again:
            self._free.pop()
        else:
            self._end += slots * self._slot_bytes
        return place

    def free(self, place: int, size: int) -> None:
        """Let a place be used again."""
        slots = range(self._slots(size))
        self._free += [place + n * self._slot_bytes for n in slots]

    def read(self, place: int, length: int) -> bytes:
        try:
            if hasattr(os, "pread"):
                data = os.pread(self._file.fileno(), length, place)
            else:
                with self._lock:
                    self._file.seek(place)
                    data = self._file.read(length)
        except OSError as error:
            raise _unreadable(self.folder, error.strerror) from error
        if len(data) != length:
            raise _unreadable(self.folder, "it is shorter than it was")
        return bytes(data)

    def _write_at(self, place: int, data: bytearray) -> None:
        with self._lock, memoryview(data) as rest:
            self._file.seek(place)
            done = 0
            while done < len(data):
                done += self._file.write(rest[done:])

    def _slots(self, size: int) -> int:
        return -(-size // self._slot_bytes)


def spill_folder() -> Path:
    """Return the folder of large temporary files.

    The user's choice, or one on a disk: ``/tmp`` itself is memory on many systems.
    """
    is_chosen = any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP"))
    on_disk = Path("/var/tmp")
    if not is_chosen and os.access(on_disk, os.W_OK):
        return on_disk
    return Path(tempfile.gettempdir())


def _explained(error: OSError, folder: Path) -> StorageError:
    return StorageError(
        f"Masks no longer fit into the memory that they may take, and cannot be moved "
        f"to {folder}: {error.strerror or error}. Nothing is lost, but more and more "
        "memory is taken: free some space there, or save the project, set the "
        "environment variable TMPDIR to a folder with more, and open it again."
    )


def _unreadable(folder: Path, reason: str | None) -> StorageError:
    return StorageError(
        f"Masks that had been moved to {folder} cannot be read any more: {reason}. "
        "Open the project, or the recovered work, again."
    )
