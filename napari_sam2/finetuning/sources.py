"""Label stacks, and folders of them, to stacks with masks that are right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.evaluation.labels import StackLabels
from napari_sam2.evaluation.layouts.find import find_stacks
from napari_sam2.evaluation.layouts.plain import check_alike, guess_kind
from napari_sam2.evaluation.layouts.source import Source
from napari_sam2.evaluation.truth import Truth, ends_of
from napari_sam2.finetuning.truth import TruthStack
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.reading.kinds import SUFFIXES
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from napari_sam2.core.masks.packed import PackedMask

_LABELS = "_labels"
_MOST_OBJECTS = 256  # of one stack; more teach nothing new


def find_masks(path: Path) -> list[Source]:
    """Return the stacks with masks that an image or a folder means.

    Parameters
    ----------
    path : Path
        An image, beside which its labels lie, ``cells_labels.tif`` beside
        ``cells.tif``; a folder of such; or one as
        :func:`napari_sam2.evaluation.layouts.find.find_stacks` takes them.

    Raises
    ------
    StackError
        If there are none.
    """
    if not path.exists():
        raise StackError(f"{path} does not exist: check the name.")
    if path.is_dir():
        beside = _beside(path)
        found = [_source(_only(images), _only(labels)) for images, labels in beside]
        return found or find_stacks(path)
    for images, labels in _beside(path.parent):
        if any(one.samefile(path) for one in images):
            return [_source(path, _only(labels))]
    raise StackError(
        f"No labels lie beside {path}: those of cells.tif are looked for in "
        "cells_labels.tif."
    )


def _beside(folder: Path) -> list[tuple[list[Path], list[Path]]]:
    """Return images of one name and the labels beside them, name by name."""
    named: dict[str, list[Path]] = {}
    for one in sorted(folder.iterdir()):
        if stem := _stem(one):
            named.setdefault(stem, []).append(one)
    # A folder beside a file of its name is what was made of it, say.
    named = {s: [p for p in same if p.name != s] or same for s, same in named.items()}
    return [
        (named[of], same)
        for stem, same in named.items()
        if (of := stem.removesuffix(_LABELS)) != stem and of in named
    ]


def _only(paths: list[Path]) -> Path:
    """Return the one path of a name; which of several is meant is not guessed."""
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise StackError(
            f"{names} lie beside each other in {paths[0].parent}, and which of them is "
            "meant cannot be told: move all but one elsewhere."
        )
    return paths[0]


def _stem(path: Path) -> str | None:
    """Return the name without its ending; None where it is no stack by its name."""
    name = path.name.lower()
    endings = [one for one in SUFFIXES if name.endswith(one)]
    if endings:
        bare = path.name[: -len(max(endings, key=len))]
        return bare.removesuffix(".ome")
    return path.name if path.is_dir() else None


def _source(image: Path, labels: Path) -> Source:
    return Source(_stem(image) or image.name, partial(_open_pair, image, labels))


def _open_pair(image: Path, labels: Path) -> Truth:
    frames = stack_frames(open_stack(image))
    found = read_labels(labels, frames)
    name = frames.stack.name
    check_alike(name, frames, found)
    known = frozenset(range(len(frames)))
    return Truth(name, guess_kind(frames), frames, StackLabels(found), known)


def read_masks(truth: Truth) -> Generator[Progress, None, TruthStack]:
    """Take up all masks of a stack, a few bits per pixel of each.

    Where all frames are said to be known, those without any label count as not
    annotated: nobody draws nothing. On the others an object without pixels is absent.

    Yields
    ------
    Progress

    Raises
    ------
    FrameError
        If labels cannot be read.
    """
    masks: dict[int, Mapping[int, PackedMask]] = {}
    unclear: set[tuple[int, int]] = set()
    for done, frame in enumerate(sorted(truth.known)):
        yield Progress(done, len(truth.known), f"Reading the masks of {truth.name}")
        masks[frame] = pack_labels(truth.labels[frame])
        unclear |= {(i, frame) for i in truth.labels.unclear(frame)}
    if len(truth.known) == len(truth.frames):
        masks = {frame: objects for frame, objects in masks.items() if objects}
    seen = {i: frame for frame in sorted(masks) for i in masks[frame]}  # the last one
    return TruthStack(
        name=truth.name,
        frames=truth.frames,
        limits=estimate_limits(truth.frames),
        masks=_fewer(masks),
        complete=frozenset(masks),
        unclear=frozenset(unclear),
        ends=ends_of(truth, seen),
    )


def _fewer(
    masks: Mapping[int, Mapping[int, PackedMask]],
) -> Mapping[int, Mapping[int, PackedMask]]:
    """Keep objects evenly spread over the numbers where there are very many."""
    ids = sorted({i for objects in masks.values() for i in objects})
    if len(ids) <= _MOST_OBJECTS:
        return masks
    picks = np.linspace(0, len(ids) - 1, _MOST_OBJECTS).astype(int)
    kept = {ids[pick] for pick in picks}
    return {
        frame: {i: one for i, one in objects.items() if i in kept}
        for frame, objects in masks.items()
    }
