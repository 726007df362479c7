"""The Cell Tracking Challenge: ``01``, ``01_GT/TRA``, ``01_GT/SEG``, ``01_ST/SEG``.

Masks are those of ``01_GT/SEG`` on the frames that have some, those of ``01_ST/SEG`` on
others; they take the number of the marker in ``01_GT/TRA`` that they cover most. Where
a cell has a marker, but no mask, its mask is unknown, not empty.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.evaluation.layouts.marked import MarkedCells, Pictures
from napari_sam2.evaluation.layouts.source import Source
from napari_sam2.evaluation.truth import Truth
from napari_sam2.io.reading.picture_files import TIFF_SUFFIXES, picture_files
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from pathlib import Path

_SEQUENCE = re.compile(r"\d{2}")
_NUMBER = re.compile(r"\d+$")


def find_challenge(folder: Path) -> list[Source]:
    """Return the sequences of a data set, or of the data sets in a folder."""
    sets = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    sequences = [
        path
        for one in sets
        for path in sorted(one.iterdir())
        if _SEQUENCE.fullmatch(path.name) and _ground(path).is_dir()
    ]
    return [Source(_name(path), partial(open_challenge, path)) for path in sequences]


def open_challenge(sequence: Path) -> Truth:
    """Open a sequence with what is known about it.

    Raises
    ------
    StackError
        If markers, tracks or masks are missing, or it is in three dimensions.
    """
    files = picture_files(sequence)
    if not files:
        raise StackError(f"{sequence} holds no pictures.")
    times = {_number(path): frame for frame, path in enumerate(files)}
    markers = _numbered(_ground(sequence) / "TRA", times)
    _check_flat(sequence, markers)
    masks = _masks(sequence, times, markers)
    frames = stack_frames(open_stack(sequence))
    tracks = read_tracks(_ground(sequence) / "TRA" / "man_track.txt")
    shape_hw = frames.shape_hw
    labels = MarkedCells(Pictures(masks, shape_hw), Pictures(markers, shape_hw))
    return Truth(
        name=_name(sequence),
        kind="time-lapse",
        frames=frames,
        labels=labels,
        known=frozenset(masks) & frozenset(markers),
        parents={label: one.parent for label, one in tracks.items() if one.parent},
        track_ends={i: times[t.last] for i, t in tracks.items() if t.last in times},
        markers=labels.markers,
    )


def _masks(
    sequence: Path, times: dict[Any, int], markers: dict[int, Path]
) -> dict[int, Path]:
    """Return the masks by frame, gold before silver, if there is all that is needed."""
    gold = _numbered(_ground(sequence) / "SEG", times)
    silver = _numbered(sequence.with_name(f"{sequence.name}_ST") / "SEG", times)
    masks = silver | gold
    if not markers or not masks:
        raise StackError(
            f"{sequence} needs markers in {_ground(sequence) / 'TRA'}, and masks in "
            f"{_ground(sequence) / 'SEG'} or {sequence.name}_ST/SEG."
        )
    return masks


class Track(NamedTuple):
    """What a list of tracks says about a cell.

    Attributes
    ----------
    first, last : int
        The numbers of its first and its last picture.
    parent : int
        The label of the cell that it came from, or 0.
    """

    first: int
    last: int
    parent: int


def read_tracks(path: Path) -> dict[int, Track]:
    """Read who was when and came from whom: label, first and last time, and parent.

    Raises
    ------
    StackError
        If the file cannot be read as such.
    """
    try:
        rows = [line.split() for line in path.read_text("utf-8-sig").splitlines()]
        tracks = [tuple(map(int, row)) for row in rows if row]
        return {label: Track(*rest) for label, *rest in tracks}
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.") from error
    except (TypeError, ValueError) as error:
        raise StackError(
            f"{path} is no list of tracks: each line has four numbers, label, first "
            "time, last time, and the label of the parent or 0."
        ) from error


def _check_flat(sequence: Path, markers: dict[int, Path]) -> None:
    """Refuse volumes over time, of which a slice could be taken for a colour."""
    if markers and _is_volume(markers[min(markers)]):
        raise StackError(
            f"{sequence} shows cells in three dimensions over time, which cannot be "
            "measured: only sequences of pictures can."
        )


def _is_volume(path: Path) -> bool:
    if path.suffix.lower() not in TIFF_SUFFIXES:
        return False
    import tifffile

    with (
        decoding(FrameError, f"The markers {path} could not be read"),
        tifffile.TiffFile(path) as file,
    ):
        return len(file.series[0].shape) > 2


def _name(sequence: Path) -> str:
    return f"{sequence.parent.resolve().name}/{sequence.name}"


def _ground(sequence: Path) -> Path:
    return sequence.with_name(f"{sequence.name}_GT")


def _number(path: Path) -> int | None:
    """Return the number at the end of a file's name, its time."""
    match = _NUMBER.search(path.stem)
    return int(match[0]) if match else None


def _numbered(folder: Path, times: dict[Any, int]) -> dict[int, Path]:
    """Return the pictures of a folder by frame; those of no frame are left out."""
    if not folder.is_dir():
        return {}
    found = {_number(path): path for path in picture_files(folder)}
    return {times[n]: path for n, path in found.items() if n is not None and n in times}
