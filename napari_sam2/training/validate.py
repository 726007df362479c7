"""A quick measure of a model on real stacks: a box on one frame, tracked forward.

A stack is a folder with ``image.tif``, ``labels.tif`` and, optionally, ``meta.json``
with ``eval_objects`` (ids to measure) and ``annotated_frames`` (where labels are known;
everywhere, when it is missing). The stacks are for measuring, never for training.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import tifffile

from napari_sam2.core.errors import StackError
from napari_sam2.core.geometry import mask_box_yxyx
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.engine.tracker import VideoTracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.prompts import Prompt
    from napari_sam2.model.sam2 import Sam2Model

PromptKind = Literal["box", "click", "mask"]
_FEWEST_PIXELS = 16  # smaller objects are not asked for


@dataclass(frozen=True, slots=True)
class StackScore:
    """How well the objects of one stack were followed.

    Attributes
    ----------
    name : str
        The folder's name.
    start : float
        Mean J (intersection over union) on the prompted frame.
    tracked : float
        Mean J on the frames after it; 1 where an absent object is not seen.
    present : float
        The same over frames on which the object is: a model that answers "gone" too
        often gains in ``tracked`` and loses here.
    objects, frames : int
        How many objects were followed, over how many frames.
    """

    name: str
    start: float
    tracked: float
    present: float
    objects: int
    frames: int


@dataclass(frozen=True, slots=True)
class _Truth:
    name: str
    image: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    ids: tuple[int, ...]
    known: frozenset[int]


def find_stacks(folder: Path) -> list[Path]:
    """Return the folders of stacks in a folder, by name.

    Raises
    ------
    StackError
        If there are none.
    """
    found = sorted(path.parent for path in folder.glob("*/labels.tif"))
    if not found:
        raise StackError(
            f"{folder} holds no stacks to measure on: give a folder whose subfolders "
            "hold image.tif and labels.tif."
        )
    return found


def validate(
    model: Sam2Model,
    folder: Path,
    *,
    prompt: PromptKind = "box",
    frames: int = 16,
    objects: int = 4,
) -> list[StackScore]:
    """Score a model on every stack of a folder.

    Parameters
    ----------
    model : Sam2Model
    folder : Path
        Holds one folder per stack.
    prompt : {"box", "click", "mask"}, optional
        What is said about each object, once, on the first frame.
    frames : int, optional
        Most frames tracked per stack, the prompted one included.
    objects : int, optional
        Most objects followed per stack.

    Raises
    ------
    StackError
        If there are no stacks.
    """
    scores = []
    for path in find_stacks(folder):
        truth = _read(path)
        scores.append(_score(model, truth, prompt, frames, objects))
    return scores


def mean_tracked(scores: Sequence[StackScore]) -> float:
    """Return the mean over stacks of J on tracked frames."""
    return statistics.fmean(score.tracked for score in scores)


def as_table(scores: Sequence[StackScore]) -> str:
    """Return the scores as a Markdown table with a last row of means."""
    rows = [
        "| stack | objects | start J | tracked J | present J |",
        "|---|---|---|---|---|",
    ]
    rows += [
        _row(s.name, str(s.objects), s.start, s.tracked, s.present) for s in scores
    ]
    start = statistics.fmean(score.start for score in scores)
    present = statistics.fmean(score.present for score in scores)
    rows.append(_row("mean", "", start, mean_tracked(scores), present))
    return "\n".join(rows)


def _row(name: str, objects: str, *values: float) -> str:
    return " | ".join([f"| {name}", objects, *(f"{v:.3f}" for v in values)]) + " |"


def jaccard(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Return intersection over union; 1 when both are empty."""
    union = np.count_nonzero(found | truth)
    return float(np.count_nonzero(found & truth) / union) if union else 1.0


def _read(path: Path) -> _Truth:
    image = tifffile.imread(path / "image.tif")
    labels = tifffile.imread(path / "labels.tif")
    if image.shape[: labels.ndim] != labels.shape:
        raise StackError(
            f"The labels of {path.name} have shape {labels.shape}, but its image has "
            f"{image.shape}: they must agree."
        )
    description = path / "meta.json"
    meta = json.loads(description.read_text("utf-8")) if description.is_file() else {}
    ids = meta.get("eval_objects") or np.unique(labels[labels > 0]).tolist()
    known = meta.get("annotated_frames") or range(len(labels))
    return _Truth(path.name, image, labels, tuple(ids), frozenset(known))


def _score(
    model: Sam2Model, truth: _Truth, prompt: PromptKind, frames: int, objects: int
) -> StackScore:
    first = _best_start(truth, frames)
    ids = _choose(truth, first, objects)
    window = range(first, min(first + frames, len(truth.labels)))
    tracker = VideoTracker(model, truth.image)
    start = []
    for object_id in ids:
        mask = truth.labels[first] == object_id
        answer = tracker.add(_prompt(prompt, object_id, first, mask))
        start.append(jaccard(answer.mask, mask))
    found = list(_overlaps(tracker, truth, first, window))
    tracked = [overlap for overlap, _ in found]
    present = [overlap for overlap, is_there in found if is_there]
    return StackScore(
        truth.name,
        statistics.fmean(start),
        statistics.fmean(tracked or start),
        statistics.fmean(present or start),
        len(ids),
        len(window),
    )


def _overlaps(
    tracker: VideoTracker, truth: _Truth, first: int, window: range
) -> Iterator[tuple[float, bool]]:
    """Yield J of every object on every later frame, and whether it is there."""
    for result in tracker.propagate(direction="forward", frames=window):
        if result.frame == first or result.frame not in truth.known:
            continue
        for one in result:
            mask = truth.labels[result.frame] == one.object_id
            yield jaccard(one.mask, mask), bool(mask.any())


def _best_start(truth: _Truth, frames: int) -> int:
    """Return the first frame that offers the most objects times frames to follow."""
    length = len(truth.labels)
    offers = {
        frame: len(_visible(truth, frame)) * min(frames, length - frame)
        for frame in sorted(truth.known)
    }
    best = max(offers, key=lambda frame: offers[frame], default=None)
    if best is None or not offers[best]:
        raise StackError(f"{truth.name} shows none of the objects to measure.")
    return best


def _visible(truth: _Truth, frame: int) -> dict[int, int]:
    """Return the objects of a frame and their areas."""
    ids, areas = np.unique(truth.labels[frame], return_counts=True)
    found = dict(zip(ids.tolist(), areas.tolist(), strict=True))
    return {i: found[i] for i in truth.ids if found.get(i, 0) >= _FEWEST_PIXELS}


def _choose(truth: _Truth, frame: int, count: int) -> list[int]:
    """Choose objects evenly over the range of sizes."""
    visible = _visible(truth, frame)
    by_size = sorted(visible, key=lambda i: (visible[i], i))
    picks = np.linspace(0, len(by_size) - 1, min(count, len(by_size)) + 2)[1:-1]
    if len(by_size) <= count:
        return by_size
    return [by_size[int(pick)] for pick in picks.round()]


def _prompt(
    kind: PromptKind, object_id: int, frame: int, mask: npt.NDArray[np.bool_]
) -> Prompt:
    if kind == "mask":
        return MaskPrompt(object_id, frame, mask)
    if kind == "click":
        return PointPrompt(object_id, frame, innermost(mask))
    box = mask_box_yxyx(mask)
    assert box is not None
    y0, x0, y1, x1 = box
    return BoxPrompt(object_id, frame, (y0 - 0.25, x0 - 0.25, y1 + 0.25, x1 + 0.25))


def innermost(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the (y, x) of a mask that lies farthest from its outline."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), mask.shape)
    return float(y), float(x)
