"""Writing results to files, on the lane: labels as TIFF, measurements as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_sam2.control import Activity
from napari_sam2.control.dispatch import Dispatcher
from napari_sam2.control.status import StatusBoard
from napari_sam2.core.cancel import Progress
from napari_sam2.core.results import FrameResult
from napari_sam2.io.label_writer import open_label_writer
from napari_sam2.io.table import open_table_writer

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import numpy.typing as npt
    from psygnal import SignalInstance

    from napari_sam2.control import Job, Lane
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames import FrameSource
    from napari_sam2.state import Document, FrameMask


@dataclass(frozen=True, slots=True)
class Results:
    """A document's masks as a value that may cross to the lane.

    Attributes
    ----------
    masks : mapping of int to tuple of (int, FrameMask)
        By frame; objects in the order in which they are painted.
    names : mapping of int to str
        By object.
    frame_count : int
    shape_hw : tuple of int
    """

    masks: Mapping[int, tuple[tuple[int, FrameMask], ...]]
    names: Mapping[int, str]
    frame_count: int
    shape_hw: tuple[int, int]

    def frame(self, frame: int) -> FrameResult:
        """Return a frame's masks as the engine would."""
        found = sorted(self.masks[frame], key=lambda one: one[0])
        return FrameResult(frame, tuple(m.as_result(i, frame) for i, m in found))

    def labels(self, frame: int) -> npt.NDArray[np.uint32]:
        """Draw a frame's label image, (H, W), as it is seen."""
        labels = np.zeros(self.shape_hw, np.uint32)
        for object_id, mask in self.masks[frame]:
            labels[mask.mask.slices][mask.mask.crop] = object_id
        return labels


def take_results(document: Document) -> Results:
    """Take down all masks of a document."""
    frames = range(document.frame_count)
    return Results(
        {
            frame: tuple(document.painted_order(frame))
            for frame in frames
            if document.masks.on_frame(frame)
        },
        {i: one.name for i, one in document.objects.items()},
        document.frame_count,
        document.shape_hw,
    )


class Exporter:
    """Writes files in the background, with a status of its own.

    Parameters
    ----------
    lane : Lane
    """

    saved = Signal(Path)
    """The file that is complete now."""

    def __init__(self, lane: Lane) -> None:
        self._board = StatusBoard()
        self._dispatcher = Dispatcher(lane, self._board)

    @property
    def status_changed(self) -> SignalInstance:
        """Signal that carries every new ``Status``."""
        return self._board.changed

    def save_table(
        self, path: Path, results: Results, frames: FrameSource, axes: Axes | None
    ) -> None:
        """Write one row per object and frame, with areas in the image's units."""

        def job(token: CancelToken) -> Generator[Progress | Path]:
            with open_table_writer(path, results.names, axes, overwrite=True) as table:
                for done, frame in enumerate(results.masks):
                    yield Progress(done, len(results.masks), "Measuring")
                    table.write(results.frame(frame), frames[frame])
            yield path

        self._send(job)

    def save_labels(self, path: Path, results: Results, axes: Axes | None) -> None:
        """Write the label stack; values are the ids of the objects."""

        def job(token: CancelToken) -> Generator[Progress | Path]:
            largest = max(results.names, default=1)
            with open_label_writer(
                path,
                results.shape_hw,
                results.frame_count,
                axes,
                largest_id=largest,
                overwrite=True,
            ) as writer:
                for done, frame in enumerate(results.masks):
                    yield Progress(done, len(results.masks), "Writing the labels")
                    writer.write(frame, results.labels(frame))
            yield path

        self._send(job)

    def stop(self) -> None:
        """Stop; a file that is not complete does not appear."""
        self._dispatcher.stop()

    def close(self) -> None:
        """Stop, and hear nothing more; the lane is its owner's to close."""
        self._dispatcher.close()

    def _send(self, job: Job[Progress | Path]) -> None:
        self._dispatcher.send(Activity.LOADING, job, on_item=self._on_saved)

    def _on_saved(self, path: Path) -> None:
        self._board.say(f"Saved: {path}")
        self.saved.emit(path)
