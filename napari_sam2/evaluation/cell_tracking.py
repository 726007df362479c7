"""SEG, DET and TRA, by the Cell Tracking Challenge's own package.

Truth and answer are written as the challenge has them, for the objects that were
followed, each from its first prompted frame on. Cells are prompted after a division,
and no link to the mother is made: where the truth has one, it counts as missing.
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

    Images = Iterator[tuple[int, npt.NDArray[np.uint16]]]

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
    found: Masks, reference: Reference, todo: Assignment
) -> dict[str, float]:
    """Return SEG, DET and TRA of what was found, each 0 to 1.

    Raises
    ------
    MissingExtraError
        If the challenge's package is not installed.
    """
    package = load_package()
    with TemporaryDirectory() as name:
        answer, truth = Path(name, "01_RES"), Path(name, "01_GT")
        count = len(todo.ids)
        labels = _write(answer, "mask", _images(found, todo), count)
        if not labels.tracks:  # which the package takes for a mistake
            return dict.fromkeys(MEASURES, 0.0)
        _list(answer / "res_track.txt", labels.tracks)
        images = _images(reference.markers, todo)
        labels = _write(truth / "TRA", "man_track", images, count)
        _link(labels, reference.parents, todo)
        _list(truth / "TRA" / "man_track.txt", labels.tracks)
        _write(truth / "SEG", "man_seg", _known(reference.true, todo), count)
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of times without cells
            scores = package.evaluate_sequence(
                str(answer), str(truth), list(MEASURES), threads=1
            )
    return {measure: float(scores[measure]) for measure in MEASURES}


def _images(masks: Masks, todo: Assignment) -> Images:
    """Yield label images of all objects that have started, by time."""
    for time, frame in enumerate(todo.frames):
        ids = [i for i, start in todo.starts.items() if start <= frame]
        yield time, _drawn(masks, todo, frame, ids)


def _known(masks: Masks, todo: Assignment) -> Images:
    """Yield label images of the times at which there are known masks."""
    for time, frame in enumerate(todo.frames):
        ids = [i for i in todo.ids if frame in todo.compared(i)]
        image = _drawn(masks, todo, frame, ids)
        if image.any():
            yield time, image


def _drawn(
    masks: Masks, todo: Assignment, frame: int, ids: list[int]
) -> npt.NDArray[np.uint16]:
    """Draw masks into one image; labels are the objects' places among all, from 1."""
    image = np.zeros(masks.shape_hw, np.uint16)
    for object_id in ids:
        mask = masks.packed(object_id, frame)
        image[mask.slices][mask.crop] = todo.ids.index(object_id) + 1
    return image


def _write(folder: Path, stem: str, images: Images, count: int) -> TrackLabels:
    """Write label images of so many objects as the challenge has them.

    An object that vanishes and comes back is several tracks. They are numbered as low
    as can be: the package adds labels of truth and answer up, in 16 bits.
    """
    import tifffile

    folder.mkdir(parents=True)
    labels = TrackLabels(count)
    for time, image in images:
        tracks = np.zeros_like(image)
        for number in np.unique(image[image > 0]).tolist():
            tracks[image == number] = labels.at(number, time)
        # The package takes the lowest label for the background: there must be some.
        with_background = np.pad(tracks, ((0, 1), (0, 0)))
        tifffile.imwrite(folder / f"{stem}{time:05d}.tif", with_background)
    return labels


def _link(labels: TrackLabels, parents: Mapping[int, int], todo: Assignment) -> None:
    """Make the last track of every mother the parent of her daughters' first ones."""
    numbers = {object_id: number for number, object_id in enumerate(todo.ids, 1)}
    by_label = {track.label: track for track in labels.tracks}
    for daughter, mother in parents.items():
        first = by_label.get(numbers.get(daughter, 0))
        last = labels.latest.get(numbers.get(mother, 0))
        if first is not None and last is not None and last.end < first.begin:
            first.parent = last.label


def _list(path: Path, tracks: list[Track]) -> None:
    path.write_text("".join(f"{track}\n" for track in tracks), "ascii")
