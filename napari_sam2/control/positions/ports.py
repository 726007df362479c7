"""What work at positions needs of the world: who finds objects, and who keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from contextlib import AbstractContextManager

    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.cancel import CancelToken, Progress
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.results import FrameResult

FramePlace: TypeAlias = tuple[int, int]
"""An object and a frame."""


class MakeTracker(Protocol):
    """Makes a tracker of frames, such as ``partial(VideoTracker, model)``."""

    def __call__(self, frames: FrameSource, /, *, limits: IntensityLimits) -> Tracker:
        """Return a tracker that was told nothing."""
        ...


class Kept(Protocol):
    """Takes the results of a position."""

    def add(self, result: FrameResult) -> FrameResult:
        """Keep the objects of a frame, with those that came earlier; return all."""
        ...

    def finish(self, object_ids: frozenset[int], problem: str = "") -> None:
        """Keep everything for good: these objects are finished here.

        Parameters
        ----------
        object_ids : frozenset of int
        problem : str, optional
            Why some frames have no results.
        """
        ...


class PositionStore(Protocol):
    """Keeps the results of positions that are finished."""

    def finished(self, position: Position) -> frozenset[int]:
        """Return the objects that are finished at a position."""
        ...

    def problem(self, position: Position) -> str:
        """Return why frames of a position have no results; nothing if all have."""
        ...

    def results(self, position: Position) -> Iterator[FrameResult]:
        """Yield what was found at a position, frame by frame, in order."""
        ...

    def open(self, position: Position) -> AbstractContextManager[Kept]:
        """Take more results of a position; they are lost unless they are finished."""
        ...


class Segmenter(Protocol):
    """Finds objects at one position."""

    def __call__(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        token: CancelToken | None,
    ) -> Generator[FrameResult | Progress]:
        """Yield the objects of frame after frame, or how far it has come before.

        A frame may come more than once, with other objects each time.

        Raises
        ------
        Sam2Error
            If a prompt cannot be answered or a frame cannot be read.
        """
        ...
