"""Label images of single frames, drawn from masks when they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.layers.painting import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from napari_sam2.layers.painting import Drawn


@dataclass(slots=True, eq=False)
class Canvas:
    """The label image of one frame.

    Attributes
    ----------
    labels : ndarray of unsigned integers, shape (H, W)
    drawn : Drawn
        What it was drawn from.
    is_written : bool
        Whether somebody may have changed pixels since.
    """

    labels: npt.NDArray[Any]
    drawn: Drawn
    is_written: bool = False


class Canvases:
    """The label images that were looked at last; any thread may look.

    Those that are not looked at for long are drawn anew when they are, unless somebody
    painted on them.

    Parameters
    ----------
    shape_hw : tuple of int
        Height and width of a frame in pixels.
    dtype : dtype
        An unsigned integer type.
    masks_on : callable
        Returns the masks of a frame, in the order in which they are drawn.
    memory_bytes : int
        About how much memory they may take.
    """

    def __init__(
        self,
        shape_hw: tuple[int, int],
        dtype: npt.DTypeLike,
        masks_on: Callable[[int], Drawn],
        *,
        memory_bytes: int,
    ) -> None:
        self.shape_hw = shape_hw
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._masks_on = masks_on
        size = shape_hw[0] * shape_hw[1] * self.dtype.itemsize
        self._most = max(2, memory_bytes // max(1, size))
        self._canvases: OrderedDict[int, Canvas] = OrderedDict()
        self._lock = RLock()

    def __len__(self) -> int:
        """Count the label images in memory."""
        return len(self._canvases)

    def __getitem__(self, frame: int) -> Canvas:
        """Return the label image of a frame."""
        with self._lock:
            canvas = self._canvases.pop(frame, None) or self._make(frame)
            self._canvases[frame] = canvas
            self._drop_oldest()
            return canvas

    def for_writing(self, frame: int) -> Canvas:
        """Return the label image of a frame, to be changed."""
        with self._lock:
            canvas = self[frame]
            canvas.is_written = True
            return canvas

    def part(self, frame: int, rows: slice, columns: slice) -> npt.NDArray[Any]:
        """Return a part of a label image; nothing is kept for it.

        Parameters
        ----------
        frame : int
        rows, columns : slice
            Where it is in the frame, in pixels.

        Returns
        -------
        ndarray, shape (H of the part, W of the part)
        """
        with self._lock:
            if frame in self._canvases:
                return self._canvases[frame].labels[rows, columns]
        (top, bottom), (left, right) = (
            _reach(one, length)
            for one, length in zip((rows, columns), self.shape_hw, strict=True)
        )
        labels = np.zeros((bottom - top, right - left), self.dtype)
        draw(self._masks_on(frame), labels, corner_yx=(top, left))
        return labels[:: rows.step or 1, :: columns.step or 1]

    def known(self, frame: int) -> Canvas | None:
        """Return a label image if it was drawn."""
        return self._canvases.get(frame)

    def written(self) -> set[int]:
        """Return the frames on which pixels may have been changed."""
        with self._lock:
            return {f for f, canvas in self._canvases.items() if canvas.is_written}

    def forget(self, frames: Iterable[int]) -> None:
        """Draw these frames anew when they are looked at, whatever was painted."""
        with self._lock:
            for frame in frames:
                self._canvases.pop(frame, None)

    def _make(self, frame: int) -> Canvas:
        labels = np.zeros(self.shape_hw, self.dtype)
        masks = self._masks_on(frame)
        draw(masks, labels)
        return Canvas(labels, masks)

    def _drop_oldest(self) -> None:
        """Drop the image that was looked at longest ago, when there are too many."""
        if len(self._canvases) <= self._most:
            return
        newest = next(reversed(self._canvases))
        for frame, canvas in self._canvases.items():
            if frame != newest and not canvas.is_written:
                del self._canvases[frame]
                return


def _reach(part: slice, length: int) -> tuple[int, int]:
    """Return the first index that a slice touches, and the one after the last."""
    touched = range(*part.indices(length))
    if not touched:
        return 0, 0
    return min(touched[0], touched[-1]), max(touched[0], touched[-1]) + 1
