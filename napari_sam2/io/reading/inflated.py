"""A gzipped file as if it were not: inflated once, and only as far as is needed."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import weakref
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import FrameError, StackError

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1 << 20
# Left free on the disk of temporary files.
_SPARE_BYTES = 1 << 30


class InflatedFile:
    """The beginning of a gzipped file, inflated into a nameless temporary one.

    Parameters
    ----------
    path : Path
        The gzipped file.
    size : int
        How many bytes are of interest, as its header says; no more are ever written.

    Raises
    ------
    StackError
        If the disk of temporary files has no room for them.
    """

    def __init__(self, path: Path, size: int) -> None:
        _check_room(path, size)
        self._path = path
        self._size = size
        self._done = 0
        self._source: Any = gzip.open(path, "rb")  # noqa: SIM115 - lives as long as this
        self.file = tempfile.TemporaryFile(prefix="napari-sam2-")  # noqa: SIM115
        self.file.truncate(size)
        self.close = weakref.finalize(self, _close, self._source, self.file)

    def inflate(self, stop: int) -> None:
        """Make sure that the bytes up to ``stop`` are in the temporary file.

        Raises
        ------
        FrameError
            If the gzipped file ends before them.
        """
        self.file.seek(self._done)
        while self._done < min(stop, self._size):
            piece = self._source.read(min(_PIECE, self._size - self._done))
            if not piece:
                raise FrameError(
                    f"{self._path} is cut off: {self._size} bytes of pixels and header "
                    f"are announced, and {self._done} are there."
                )
            self.file.write(piece)
            self._done += len(piece)
        self.file.flush()


def _close(*files: Any) -> None:
    for file in files:
        file.close()


def _check_room(path: Path, size: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size + _SPARE_BYTES > free:
        raise StackError(
            f"{path} is {size / 2**30:.3g} GiB when inflated, and the disk of "
            f"temporary files ({folder}) has {free / 2**30:.3g} GiB left: make room, "
            "inflate it with gunzip, or set TMPDIR to a larger disk. If it is smaller "
            "than that, its header is damaged."
        )
