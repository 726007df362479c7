"""SEG, DET and TRA, by the Cell Tracking Challenge's own package.

Truth and answer are written as the challenge has them, for the objects that were
followed, each from its first prompted frame on until it divides: a mask that goes on as
the mother's is no daughter's. Cells are prompted after a division, and no link to the
mother is made: where the truth has one, it counts as missing.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import MissingExtraError
from napari_sam2.io.writing.ctc import Track, TrackLabels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks

MEASURES = ("SEG", "DET", "TRA")


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What the cells of a time-lapse truly do.

    Attributes
    ----------
    true : Masks
        Their masks.
    markers : Masks
        Where they are, on every frame, for DET and TRA; the masks will do.
    parents : mapping of int to int
        From a cell to its mother.
    """

    true: Masks
    markers: Masks
    parents: Mapping[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Images:
    """Label images by time, in which objects have their places among all, from 1."""

    count: int
    by_time: Iterator[tuple[int, npt.NDArray[np.uint16]]]


def load_package() -> Any:
    """Import the challenge's package.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        from ctc_metrics.scripts import evaluate
    except ImportError as error:
        raise MissingExtraError(
            "SEG, DET and TRA of time-lapses need the package py-ctcmetrics: "
            "pip install 'napari-sam2[evaluate]'."
        ) from error
    return evaluate


def cell_tracking_measures(
    found: Mapping[str, Masks], reference: Reference, todo: Assignment
) -> dict[str, dict[str, float]]:
    """Return SEG, DET and TRA of what each method found, each 0 to 1.

    Raises
    ------
    MissingExtraError
        If the challenge's package is not installed.
    """
    package = load_package()
    measures = {}
    with TemporaryDirectory() as folder:
        truth = Path(folder, "01_GT")
        _write_truth(truth, reference, todo)
        for number, (method, masks) in enumerate(found.items()):
            answer = Path(folder, str(number), "01_RES")
            measures[method] = _measure(package, answer, truth, _images(masks, todo))
    return measures


def _measure(
    package: Any, answer: Path, truth: Path, images: _Images
) -> dict[str, float]:
    labels = _write(answer, "mask", images)
    if not labels.tracks:  # which the package takes for a mistake
        return dict.fromkeys(MEASURES, 0.0)
    _list(answer / "res_track.txt", labels.tracks)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of times without cells
        scores = package.evaluate_sequence(
            str(answer), str(truth), list(MEASURES), threads=1
        )
    return {measure: float(scores[measure]) for measure in MEASURES}


def _write_truth(folder: Path, reference: Reference, todo: Assignment) -> None:
    labels = _write(folder / "TRA", "man_track", _images(reference.markers, todo))
    numbers = _numbers(todo)
    parents = reference.parents.items()
    labels.link({numbers[i]: numbers[m] for i, m in parents if {i, m} <= {*numbers}})
    _list(folder / "TRA" / "man_track.txt", labels.tracks)
    _write(folder / "SEG", "man_seg", _known(reference.true, todo))


def _images(masks: Masks, todo: Assignment) -> _Images:
    """Return label images of all objects that have started and not divided."""
    on_frame = (
        [i for i in todo.ids if todo.is_followed(i, frame)] for frame in todo.frames
    )
    return _Images(len(todo.ids), _drawn(masks, todo, on_frame))


def _known(masks: Masks, todo: Assignment) -> _Images:
    """Return label images of the times at which there are known masks."""
    compared = {i: frozenset(todo.compared(i)) for i in todo.ids}
    on_frame = ([i for i in todo.ids if f in compared[i]] for f in todo.frames)
    drawn = _drawn(masks, todo, on_frame)
    return _Images(len(todo.ids), ((t, image) for t, image in drawn if image.any()))


def _drawn(
    masks: Masks, todo: Assignment, on_frame: Iterator[list[int]]
) -> Iterator[tuple[int, npt.NDArray[np.uint16]]]:
    """Yield what is to be seen on each frame."""
    numbers = _numbers(todo)
    for time, (frame, ids) in enumerate(zip(todo.frames, on_frame, strict=True)):
        image = np.zeros(masks.shape_hw, np.uint16)
        for object_id in ids:
            mask = masks.packed(object_id, frame)
            image[mask.slices][mask.crop] = numbers[object_id]
        yield time, image


def _numbers(todo: Assignment) -> dict[int, int]:
    return {object_id: number for number, object_id in enumerate(todo.ids, 1)}


def _write(folder: Path, stem: str, images: _Images) -> TrackLabels:
    """Write label images as the challenge has them.

    An object that vanishes and comes back is several tracks. They are numbered as low
    as can be: the package adds labels of truth and answer up, in 16 bits.
    """
    import tifffile

    folder.mkdir(parents=True)
    labels = TrackLabels(images.count)
    for time, image in images.by_time:
        counts = np.bincount(image.ravel(), minlength=images.count + 1)
        tracks = np.zeros(len(counts), np.uint16)
        for number in (1 + np.flatnonzero(counts[1:])).tolist():
            tracks[number] = labels.at(number, time)
        # The package takes the lowest label for the background: there must be some.
        with_background = np.pad(tracks[image], ((0, 1), (0, 0)))
        tifffile.imwrite(folder / f"{stem}{time:05d}.tif", with_background)
    return labels


def _list(path: Path, tracks: list[Track]) -> None:
    path.write_text("".join(f"{track}\n" for track in tracks), "ascii")
