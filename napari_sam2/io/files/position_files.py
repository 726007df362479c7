"""Results of positions that are finished, a file each, until all of them are.

A file is a ZIP archive with a member per frame, so that it can be read frame by frame,
and a damaged one is noticed. It appears, complete, when a position is finished.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.finished import FinishedFrames, pack_objects, unpack_objects
from napari_sam2.io.files.output import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.results import FrameResult

_SUMMARY = "position.json"


@dataclass(frozen=True, slots=True)
class _Summary:
    """Which objects are finished, and why frames are missing."""

    object_ids: frozenset[int] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PositionFiles:
    """Keeps the results of every position in a folder.

    Attributes
    ----------
    folder : Path
        Which is there already.
    positions : Positions
    shape_hw : tuple of int
        Height and width of every frame in pixels.
    """

    folder: Path
    positions: Positions
    shape_hw: tuple[int, int]

    def finished(self, position: Position) -> frozenset[int]:
        """Return the objects that are finished at a position; none if it is damaged."""
        return self._summary(position).object_ids

    def problem(self, position: Position) -> str:
        """Return why a position lacks frames; nothing where it does not."""
        return self._summary(position).problem

    def results(self, position: Position) -> Iterator[FrameResult]:
        """Yield what was found at a position, frame by frame, in order.

        Raises
        ------
        OutputError
            If the file was damaged meanwhile.
        """
        if not self.finished(position):
            return
        path = self._path(position)
        try:
            with zipfile.ZipFile(path) as file:
                frames = sorted(int(n) for n in file.namelist() if n != _SUMMARY)
                for frame in frames:
                    data = file.read(str(frame))
                    yield unpack_objects(data, frame, self.shape_hw)
        except (zipfile.BadZipFile, zlib.error, OSError) as error:
            raise OutputError(
                f"What was finished of {self.positions.describe(position)} cannot be "
                f"read any more: {error}. Remove {path}, and start again with --resume."
            ) from error

    @contextmanager
    def open(self, position: Position) -> Iterator[_Kept]:
        """Take more results of a position; they are lost unless they are finished.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        with closing(FinishedFrames(self.folder, self.shape_hw)) as frames:
            for result in self.results(position):
                frames.add(result)
            before = self._summary(position)
            yield _Kept(self._path(position), frames, before)

    def _summary(self, position: Position) -> _Summary:
        path = self._path(position)
        try:
            with zipfile.ZipFile(path) as file:
                found = json.loads(file.read(_SUMMARY))
                return _Summary(frozenset(found["objects"]), found["problem"])
        except (FileNotFoundError, zipfile.BadZipFile, ValueError, KeyError):
            return _Summary()

    def _path(self, position: Position) -> Path:
        return self.folder / f"{self.positions.number(position):06d}.zip"


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Takes the results of a position. Made by :meth:`PositionFiles.open`."""

    path: Path
    frames: FinishedFrames
    before: _Summary

    def add(self, result: FrameResult) -> FrameResult:
        """Keep the objects of a frame, with those that came earlier; return all."""
        return self.frames.add(result)

    def finish(self, object_ids: frozenset[int], problem: str = "") -> None:
        """Write everything: these objects are finished here."""
        summary = {
            "objects": sorted(object_ids | self.before.object_ids),
            "problem": problem or self.before.problem,
        }
        with (
            atomic_output(self.path, overwrite=True) as temporary,
            zipfile.ZipFile(temporary, "w") as file,
        ):
            for frame in self.frames.frames:
                file.writestr(str(frame), pack_objects(self.frames[frame]))
            file.writestr(_SUMMARY, json.dumps(summary))
