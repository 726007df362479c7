"""Labels of frames along any axis, written in the one order that files have."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.results import FrameResult
from napari_sam2.io.writing.label_volume import LabelVolume, file_order
from napari_sam2.io.writing.label_writer import label_dtype

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.io.writing.label_volume import Place
    from napari_sam2.io.writing.result_format import (
        OpenWriter,
        ResultHeader,
        ResultWriter,
    )


def in_file_order(open_planes: OpenWriter, *, time_first: bool = False) -> OpenWriter:
    """Make a format that writes planes in order take frames along any axis.

    A volume followed along y comes as slices (z, x), and is written as (z, y, x).

    Parameters
    ----------
    open_planes : callable
        Opens a writer that looks at the labels, and not at the results.
    time_first : bool, optional
        As for :func:`napari_sam2.io.writing.label_volume.file_order`.
    """

    @contextmanager
    def open_turned(
        path: Path, header: ResultHeader, *, overwrite: bool
    ) -> Iterator[ResultWriter]:
        order = file_order(header.axes, header.image_axes, time_first=time_first)
        turned = _turned(header, order)
        with open_planes(path, turned, overwrite=overwrite) as planes:
            if order == tuple(range(len(order))):
                yield planes
                return
            dtype = label_dtype(header.largest_id)
            with closing(LabelVolume(path.parent, turned.shape, dtype)) as volume:
                yield _Turned(volume, header.shape, order)
                for number, labels in volume.planes():
                    if header.token is not None:
                        header.token.check()
                    planes.write(FrameResult(number, ()), labels)

    return open_turned


def _turned(header: ResultHeader, order: tuple[int, ...]) -> ResultHeader:
    """Return the header with its axes in another order."""
    axes = tuple(header.axes[axis] for axis in order)
    return replace(header, axes=axes, image_axes=())


@dataclass(frozen=True, slots=True)
class _Turned:
    """Puts frames where they lie in the file."""

    volume: LabelVolume
    shape: tuple[int, ...]
    order: tuple[int, ...]

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        index = np.unravel_index(result.frame, self.shape[:-2])
        given: Place = (*map(int, index), slice(None), slice(None))
        last = len(given) - 1
        rows, columns = self.order.index(last - 1), self.order.index(last)
        turned = labels.T if rows > columns else labels
        self.volume.put(tuple(given[axis] for axis in self.order), turned)
