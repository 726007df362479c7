"""A volume as the model sees it, in a file from which it can be cut any way.

Images on the disk are stored so that some planes of them are read fast, and all others
are as slow as reading everything. One copy, written frame by frame, makes all alike.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import FrameError, StorageError
from napari_sam2.core.frames.source import COLOURS, ArrayFrames, planes_at_once

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.orientation import Dims


class VolumeCopy:
    """A copy of a stack of frames.

    Parameters
    ----------
    frames : FrameSource
    folder : Path
        Where the copy is made; it is its owner's to delete.
    """

    def __init__(self, frames: FrameSource, folder: Path) -> None:
        self._frames = frames
        self._path = folder / "volume"
        self._voxels: npt.NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of frames, rows and columns."""
        return len(self._frames), *self._frames.shape_hw

    def check_room(self) -> None:
        """Check that the copy fits, before anything is computed for it.

        Raises
        ------
        StorageError
            If there is no room for it.
        """
        free = shutil.disk_usage(self._path.parent).free
        if self._bytes > free:
            raise self._has_no_room(os.strerror(errno.ENOSPC))

    def fill(self, readable: int, token: CancelToken | None) -> Generator[Progress]:
        """Copy the frames, and yield how far that is; those that cannot be read stay 0.

        Parameters
        ----------
        readable : int
            A frame that was read before; it shows whether frames have colours.
        token : CancelToken, optional
            Stops between two frames; nothing is kept then.

        Raises
        ------
        FrameError
            If not even that frame can be read.
        StorageError
            If there is no room for the copy.
        """
        blank = np.zeros_like(self._frames[readable])
        try:
            with self._path.open("wb") as file:
                for frame in range(len(self._frames)):
                    if token is not None and token.is_cancelled:
                        return
                    file.write(self._read(frame, blank).tobytes())
                    yield Progress(frame + 1, len(self._frames), "reading the volume")
        except OSError as error:
            raise self._has_no_room(error.strerror or str(error)) from error
        shape = (len(self._frames), *blank.shape)
        # Not read-only, as torch warns of that; what is written stays in memory.
        self._voxels = np.memmap(self._path, blank.dtype, "c", shape=shape)
        with suppress(OSError):  # where open files have names, it is deleted later
            self._path.unlink()

    def turned(self, dims: Dims) -> FrameSource:
        """Return the copy along another axis.

        Parameters
        ----------
        dims : (int, int, int)
            Which axes of the volume its frames, rows and columns are.
        """
        assert self._voxels is not None, "it is filled before it is turned"
        has_colours = self._voxels.ndim == 4
        is_picked = has_colours and not self._frames.is_rgb
        order = (*dims, 3) if has_colours else dims
        voxels = self._voxels.transpose(order)
        return ArrayFrames(voxels, COLOURS if is_picked else None)

    def _read(self, frame: int, blank: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            return self._frames[frame]
        except FrameError:
            return blank

    @property
    def _bytes(self) -> int:
        voxels = math.prod(self.shape) * planes_at_once(self._frames)
        return voxels * self._frames.dtype.itemsize

    def _has_no_room(self, reason: str) -> StorageError:
        where, mib = self._path.parent.parent, self._bytes / 2**20
        return StorageError(
            "To follow objects along other axes, the volume is copied to "
            f"{where}, and its {mib:,.0f} MiB do not fit there: {reason}. Free some "
            "space, set the environment variable TMPDIR to a folder with more, or "
            "follow one axis only."
        )
