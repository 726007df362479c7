"""Measuring on the lane, in portions that a table can take one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.cancel import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy.typing as npt

    from napari_sam2.core.frames import FrameSource
    from napari_sam2.io.writing.measurements import Measurer
    from napari_sam2.widgets.sessions.exporting import Results

_PORTION = 2000


def measure(
    results: Results, frames: FrameSource, measurer: Measurer
) -> Generator[Progress | npt.NDArray[np.void]]:
    """Yield rows of the table, some thousand at a time, by frame and object."""
    portion: list[npt.NDArray[np.void]] = []
    for done, frame in enumerate(results.masks):
        yield Progress(done, len(results.masks), "Measuring")
        portion.append(measurer.measure(results.frame(frame), frames[frame]))
        if sum(map(len, portion)) >= _PORTION:
            yield np.concatenate(portion)
            portion.clear()
    if portion:
        yield np.concatenate(portion)
