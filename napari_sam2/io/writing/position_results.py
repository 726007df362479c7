"""What was found at positions, into files: planes counted over all that a stack has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.results import FrameResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.frames.of_positions import AllFrames
    from napari_sam2.io.files.position_files import PositionFiles
    from napari_sam2.io.writing.result_format import ResultWriter
    from napari_sam2.io.writing.table import TableWriter


@dataclass(frozen=True, slots=True, eq=False)
class PositionResults:
    """The results of all positions, in the order of the stack.

    Attributes
    ----------
    store : PositionFiles
    frames : AllFrames
        Those of all positions that the stack has.
    """

    store: PositionFiles
    frames: AllFrames

    def __iter__(self) -> Iterator[FrameResult]:
        """Yield the objects of each plane; its number stands for the frame."""
        positions = self.store.positions
        count = len(self.frames) // len(positions.whole)
        for position in positions:
            first = positions.number(position) * count
            for result in self.store.results(position):
                yield _renumbered(result, first + result.frame)

    def write(self, labels: ResultWriter, table: TableWriter | None = None) -> None:
        """Write everything to a file of labels, and to a table.

        Raises
        ------
        OutputError
            If the disk is full, or what was kept is damaged.
        FrameError
            If a frame cannot be measured, because it cannot be read.
        """
        for result in self:
            seen = result.labels(self.frames.shape_hw, np.uint32)
            labels.write(result, seen)
            if table is not None:
                table.write(result, self.frames[result.frame])


def _renumbered(result: FrameResult, number: int) -> FrameResult:
    objects = tuple(replace(one, frame=number) for one in result)
    return FrameResult(number, objects)
