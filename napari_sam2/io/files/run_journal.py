"""What a long run has found, kept on disk as it goes, so that little is lost.

Results are appended to a file. From time to time the state of the run is written beside
it, under a name that says how much of that file belongs to it: so what comes after the
last state, or was half written when a machine went down, does not count.
"""

from __future__ import annotations

import os
import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.core.flushing import flush_names
from napari_sam2.io.files.finished import pack_objects, unpack_objects
from napari_sam2.io.files.output import names_in, naming_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_sam2.core.results import FrameResult

# Frame, packed bytes.
_HEADER = struct.Struct("<qQ")
_RESULTS, _STATE = "results.bin", "state-{}.safetensors"
_STATE_NAME = re.compile(r"state-(\d+)\.safetensors")


class RunJournal:
    """The results of a run in the order in which they came, and its state.

    One process at a time writes to it, and knows how far it came.

    Parameters
    ----------
    folder : Path
        Which is there already.
    shape_hw : tuple of int
        Height and width of every frame in pixels.
    """

    def __init__(self, folder: Path, shape_hw: tuple[int, int]) -> None:
        self._folder = folder
        self._shape_hw = shape_hw
        self._path = folder / _RESULTS
        self._new: list[bytes] = []
        self._before = self.state

    @property
    def state(self) -> Path | None:
        """The file with the state of the run; None where nothing was kept."""
        there = names_in(self._folder)
        states = (one for one in there if _STATE_NAME.fullmatch(one.name))
        return max(states, key=_length, default=None)

    @property
    def is_begun(self) -> bool:
        """Whether anything was kept, by this process or one before it."""
        return self._before is not None

    def results(self) -> Iterator[FrameResult]:
        """Yield what was found up to that state, in the order in which it came.

        Raises
        ------
        OutputError
            If the file was damaged.
        """
        left = 0 if self._before is None else _length(self._before)
        if not left:
            return
        with naming_output(self._path), self._path.open("rb") as file:
            while left > 0:
                header = file.read(_HEADER.size)
                if len(header) < _HEADER.size:
                    raise self._damaged()
                frame, count = _HEADER.unpack(header)
                data = file.read(count)
                left -= len(header) + count
                if len(data) < count or left < 0:
                    raise self._damaged()
                yield unpack_objects(data, frame, self._shape_hw)

    def add(self, result: FrameResult) -> None:
        """Take the results of a frame, to be written with the next state."""
        data = pack_objects(result)
        self._new += [_HEADER.pack(result.frame, len(data)), data]

    def save(self, write: Callable[[Path], None]) -> None:
        """Write all results, and the state behind them.

        Parameters
        ----------
        write : callable
            Writes the state of the run to a path.

        Raises
        ------
        OutputError
            If the disk is full, say, or another process writes there, too; the state
            before still counts.
        """
        before = self._before
        if self.state != before:
            raise OutputError(
                f"What is kept in {self._folder} was changed by another program."
            )
        with naming_output(self._folder):
            length = self._append(0 if before is None else _length(before))
            path = self._folder / _STATE.format(length)
            write(path)
            flush_names(self._folder)
        self._new, self._before = [], path
        if before not in (None, path):
            with suppress(OSError):  # it does no harm: the longest counts
                before.unlink()

    def _append(self, start: int) -> int:
        """Write what is new behind what counts already; return the length in all."""
        with self._path.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            file.writelines(self._new)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def _damaged(self) -> OutputError:
        return OutputError(
            f"What is kept of the run in {self._folder} is damaged: remove that folder "
            "to begin anew."
        )


def _length(state: Path) -> int:
    """Return how many bytes of the results belong to a state."""
    return int(state.stem.partition("-")[2])
