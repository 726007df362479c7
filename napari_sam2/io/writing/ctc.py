"""Tracks as the Cell Tracking Challenge has them: masks by time, and a list of tracks.

A track there is seen at every time from its first to its last. An object that vanishes
and comes back is therefore several tracks, each the child of the one before; the first
track of a daughter is the child of her mother's last.
"""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import OutputError
from napari_sam2.core.provenance import NOTE
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.output import naming_output
from napari_sam2.io.writing.beside import provenance_beside
from napari_sam2.io.writing.maker import MAKER, tells_maker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader

_LARGEST_LABEL = np.iinfo(np.uint16).max
_DIGITS = 3
_LIST = "res_track.txt"
_MASK = re.compile(r"mask\d+\.tif")


@dataclass(slots=True)
class Track:
    """A row of ``res_track.txt``: label, first and last time, label of the parent."""

    label: int
    begin: int
    end: int
    parent: int = 0

    def __str__(self) -> str:
        """Show as the file has it."""
        return f"{self.label} {self.begin} {self.end} {self.parent}"


@dataclass(slots=True)
class TrackLabels:
    """Gives objects the labels of their tracks, and takes down the tracks.

    The first track of an object has the object's id.

    Attributes
    ----------
    further : int
        The label before the first one that later tracks get.
    tracks : list of Track
    latest : dict of int to Track
        The last of them, by object.
    """

    further: int
    tracks: list[Track] = field(default_factory=list)
    latest: dict[int, Track] = field(default_factory=dict)

    def at(self, object_id: int, time: int) -> int:
        """Return the label of an object that is seen at a time; times ascend.

        Raises
        ------
        OutputError
            If there are more tracks than 16 bits can number.
        """
        track = self.latest.get(object_id)
        if track is None or time > track.end + 1:
            label, parent = object_id, 0
            if track is not None:
                self.further += 1
                label, parent = self.further, track.label
            track = Track(label, time, time, parent)
            check_label(label)
            self.latest[object_id] = track
            self.tracks.append(track)
        track.end = time
        return track.label

    def link(self, parents: Mapping[int, int]) -> None:
        """Make the last track of every mother the parent of her daughters' first ones.

        Not where she is seen when they are: a track ends before its children begin.
        """
        by_label = {track.label: track for track in self.tracks}
        for daughter, mother in parents.items():
            first, last = by_label.get(daughter), self.latest.get(mother)
            if first is not None and last is not None and last.end < first.begin:
                first.parent = last.label


def check_label(label: int) -> None:
    """Raise OutputError for a label that 16 bits do not hold."""
    if label > _LARGEST_LABEL:
        raise OutputError(
            f"Track {label} cannot be written: the masks of the Cell Tracking "
            f"Challenge hold labels up to {_LARGEST_LABEL}. Write a TIFF instead."
        )


class _Masks:
    """Writes a mask per time. Made by :func:`open_ctc`."""

    def __init__(self, path: Path, folder: Path, header: ResultHeader) -> None:
        self._path, self._folder = path, folder
        self._shape = header.shape[1:]
        self._times = header.shape[0]
        self._parents = header.parents
        self._labels = TrackLabels(header.largest_id)
        self._mask = np.zeros(self._shape, np.uint16)
        self._time = 0

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        time, plane = divmod(result.frame, math.prod(self._shape[:-2]))
        self._finish_before(time)
        mask = self._mask.reshape(-1, *self._shape[-2:])[plane]
        counts = np.bincount(labels.ravel())  # ids have 16 bits, as was checked
        table = np.zeros(len(counts), np.uint16)
        for object_id in np.flatnonzero(counts[1:]).tolist():
            table[object_id + 1] = self._labels.at(object_id + 1, time)
        np.take(table, labels, out=mask)

    def save(self) -> None:
        """Write the masks of all other times, and the list of tracks."""
        self._finish_before(self._times)
        self._labels.link(self._parents)
        rows = sorted(
            map(str, self._labels.tracks), key=lambda row: int(row.split()[0])
        )
        (self._folder / _LIST).write_text("".join(f"{row}\n" for row in rows), "ascii")

    def _finish_before(self, time: int) -> None:
        """Write the masks of all times before this one."""
        import tifffile

        digits = max(_DIGITS, len(str(self._times - 1)))
        for done in range(self._time, time):
            with naming_output(self._path):
                tifffile.imwrite(
                    self._folder / f"mask{done:0{digits}d}.tif",
                    self._mask,
                    compression="zlib",
                    photometric="minisblack",
                    metadata=None,
                    description=NOTE,
                    software=MAKER,
                )
            self._mask[...] = 0
        self._time = time


@contextmanager
def open_ctc(path: Path, header: ResultHeader, *, overwrite: bool) -> Iterator[_Masks]:
    """Write ``mask000.tif``, ``mask001.tif``, … and ``res_track.txt`` to a folder.

    Raises
    ------
    OutputError
        If there are more tracks than 16 bits can number.
    """
    with (
        provenance_beside(path, header.provenance, overwrite=overwrite),
        atomic_folder(path, _is_ours, overwrite=overwrite) as folder,
    ):
        check_label(header.largest_id)
        masks = _Masks(path, folder, header)
        yield masks
        masks.save()


def _is_ours(path: Path) -> bool:
    if path.name == _LIST:
        return any(map(tells_maker, path.parent.glob("mask*.tif")))
    return bool(_MASK.fullmatch(path.name)) and tells_maker(path)
