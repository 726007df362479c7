"""Where a run along several axes keeps the volume, and what is found along each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_sam2.control.volumes.fusing import Orientation
from napari_sam2.control.volumes.volume_copy import VolumeCopy
from napari_sam2.core.errors import StorageError
from napari_sam2.core.positions import NOWHERE
from napari_sam2.io.files.position_files import PositionFiles
from napari_sam2.state.spill import spill_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.orientation import Dims
    from napari_sam2.core.recipe import OtherAxis

# Frames, rows and columns along the first axis, along its rows, and its columns.
_DIMS: tuple[Dims, ...] = (0, 1, 2), (1, 0, 2), (2, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Workplace:
    """A temporary folder, and what lies in it. Made by :func:`open_workplace`.

    Attributes
    ----------
    copy : VolumeCopy
        The volume as the model sees it, for the other axes.
    axes : tuple of Orientation
        The first axis, and the others.
    """

    copy: VolumeCopy
    axes: tuple[Orientation, ...]
    _folder: TemporaryDirectory[str]

    @property
    def folder(self) -> Path:
        """Where it is."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Delete it all."""
        self._folder.cleanup()


def open_workplace(frames: FrameSource, others: Sequence[OtherAxis]) -> Workplace:
    """Make room for a run along several axes.

    Parameters
    ----------
    frames : FrameSource
        The volume along the first axis, as the model sees it.
    others : sequence of OtherAxis

    Raises
    ------
    StorageError
        If there is no room, or no folder that can be written to.
    """
    folder = _make_folder()
    try:
        copy = VolumeCopy(frames, Path(folder.name))
        copy.check_room()
        first = _open_axis(copy, Path(folder.name), 0, "", frames)
        rest = [_open_axis(copy, Path(folder.name), o.number, o.name) for o in others]
    except BaseException:
        folder.cleanup()
        raise
    return Workplace(copy, (first, *rest), folder)


def _open_axis(
    copy: VolumeCopy,
    folder: Path,
    number: int,
    name: str,
    frames: FrameSource | None = None,
) -> Orientation:
    """Return an axis, whose frames are cut from the copy unless there are others."""
    dims = _DIMS[number]
    where = folder / str(number)
    where.mkdir()
    shape_hw = copy.shape[dims[1]], copy.shape[dims[2]]

    def open_frames(_: Position) -> FrameSource:
        return copy.turned(dims) if frames is None else frames

    return Orientation(name, dims, open_frames, PositionFiles(where, NOWHERE, shape_hw))


def _make_folder() -> TemporaryDirectory[str]:
    where = spill_folder()
    try:
        return TemporaryDirectory(
            prefix="napari-sam2-", dir=where, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise StorageError(
            "To follow objects along several axes, what is found along each is kept in "
            f"{where} for a while, which cannot be written to ({error.strerror}). Free "
            "some space there, or follow one axis only."
        ) from error
