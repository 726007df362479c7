"""Label images by frame, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


class LabelSource(Protocol):
    """True label images, read when they are asked for."""

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read the labels of a frame, (H, W), 0 for the background.

        Raises
        ------
        FrameError
            If they cannot be read.
        """
        ...

    def unclear(self, frame: int) -> Collection[int]:
        """Return the objects that are on a frame, but whose mask there is not known."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StackLabels:
    """Labels that are a stack themselves: every object of a frame is drawn."""

    frames: FrameSource

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read the labels of a frame, (H, W)."""
        return self.frames[frame]

    def unclear(self, frame: int) -> Collection[int]:
        """Return nothing: what is drawn is complete."""
        return ()
