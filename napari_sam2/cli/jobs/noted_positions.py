"""The frames that a run at many positions, or along several axes, has seen."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames.noted import NotedFrames, checksum_of
from napari_sam2.core.json_text import parse_json
from napari_sam2.io.files.output import atomic_output, naming_output
from napari_sam2.io.reading.stack_frames import frames_at

if TYPE_CHECKING:
    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.files.unfinished import RunFolder
    from napari_sam2.io.reading.stack_frames import StackFrames

_NAME = "frames.json"


class NotedPositions:
    """Notes what is read at every position, and keeps it in the folder of a run.

    Parameters
    ----------
    run : RunFolder
        With what was noted before, of a run that is gone on with.
    """

    def __init__(self, run: RunFolder) -> None:
        self._folder = run.path
        self._notes = self._read() if run.is_kept else {}

    def watch(self, axis: str, position: Position, frames: FrameSource) -> NotedFrames:
        """Return frames along an axis, at a position, that are noted from now on."""
        notes = self._notes.setdefault(_key(axis, position), {})
        return NotedFrames(frames, notes)

    def save(self) -> None:
        """Keep what was noted; where the disk is full, less will be compared."""
        with (
            suppress(OutputError),
            atomic_output(self._folder / _NAME, overwrite=True) as temporary,
        ):
            temporary.write_text(json.dumps(self._notes), "utf-8")

    def check(self, job: Job) -> None:
        """Check that all frames that were noted are as they were.

        Raises
        ------
        OutputError
            If one is not.
        FrameError
            If one cannot be read any more.
        """
        for frames in job.fused or (job.frames,):
            for position in job.positions:
                self._check_at(job, frames, position)

    def _check_at(self, job: Job, frames: StackFrames, position: Position) -> None:
        axis = frames.axes[0].name
        there = frames_at(frames, job.positions, position)
        for frame, before in sorted(self._notes.get(_key(axis, position), {}).items()):
            if checksum_of(there[frame]) != before:
                along = f" along {axis}" if job.fused else ""
                at = f" at {job.positions.describe(position)}" if position else ""
                raise OutputError(
                    f"Frame {frame}{along}{at} is not as it was when the run in "
                    f"{self._folder} came by: give the image as it was, or remove that "
                    "folder to begin anew."
                )

    def _read(self) -> dict[str, dict[int, int]]:
        path = self._folder / _NAME
        try:
            with naming_output(path):
                found = parse_json(path.read_bytes()) if path.exists() else {}
            return {
                where: {int(frame): int(checksum) for frame, checksum in notes.items()}
                for where, notes in found.items()
            }
        except (ValueError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{path} is damaged: remove that folder to begin anew."
            ) from error


def _key(axis: str, position: Position) -> str:
    return f"{axis} {','.join(map(str, position))}"
