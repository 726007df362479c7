"""A stack whose masks are known, and what is known of which object on which frame."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.evaluation.labels import LabelSource

Kind = Literal["volume", "time-lapse", "video"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the protocol of a layout asks for.

    Attributes
    ----------
    visible_share : float
        An object is prompted on the first frame on which it has this share of its
        median area; 0 for the first frame on which it is at all.
    fewest_pixels : int
        And at least so many pixels.
    counts_last : bool
        Whether the last frame of the stack counts; DAVIS leaves it out.
    """

    visible_share: float = 0.5
    fewest_pixels: int = 16
    counts_last: bool = True


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances between neighbours along frames, rows and columns, and their unit.

    Attributes
    ----------
    zyx : tuple of float
    unit : str
        ``"micrometer"``, ``"millimeter"``, …; empty for pixels.
    """

    zyx: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unit: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A stack with its true masks, neither of which is read before it is needed.

    Attributes
    ----------
    name : str
    kind : str
        ``"volume"``, ``"time-lapse"`` or ``"video"``.
    frames : FrameSource
        The image.
    labels : LabelSource
        Label images, (H, W), by frame; 0 is background.
    known : frozenset of int
        Frames whose labels are complete. On the others nothing is known: what has no
        label there is not background.
    ids : tuple of int or None
        The objects to measure; None for all that there are.
    parents : mapping of int to int
        The object that an object came from, by division.
    track_ends : mapping of int to int
        The last frames of objects, where more is known of these than their masks.
    spacing : Spacing
    rules : Rules
    markers : LabelSource or None
        Where the objects are, on every frame, if more is known than their masks.
    """

    name: str
    kind: Kind
    frames: FrameSource
    labels: LabelSource
    known: frozenset[int]
    ids: tuple[int, ...] | None = None
    parents: Mapping[int, int] = field(default_factory=dict)
    track_ends: Mapping[int, int] = field(default_factory=dict)
    spacing: Spacing = Spacing()
    rules: Rules = Rules()
    markers: LabelSource | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How large every object is on every frame that is known.

    Attributes
    ----------
    areas : mapping of int to mapping of int to int
        Pixels by object and frame; frames without the object are left out.
    known : frozenset of int
        Frames whose labels are known.
    unclear : mapping of int to frozenset of int
        By object, known frames on which it is seen though its mask is not known.
    ends : mapping of int to int
        Objects that divided, and the last frame on which they are themselves:
        afterwards they are neither there nor gone.
    """

    areas: Mapping[int, Mapping[int, int]]
    known: frozenset[int]
    unclear: Mapping[int, frozenset[int]]
    ends: Mapping[int, int]

    def is_known(self, object_id: int, frame: int) -> bool:
        """Whether it is known what the object's mask is, an empty one included."""
        return (
            frame in self.known
            and frame not in self.unclear.get(object_id, ())
            and frame <= self.ends.get(object_id, frame)
        )

    def median_area(self, object_id: int) -> float:
        """Return the object's median area where it is seen, in pixels."""
        return statistics.median(self.areas[object_id].values())


def take_census(truth: Truth) -> Census:
    """Read all known labels once, and count the pixels of every object to measure.

    Raises
    ------
    StackError
        If there is none of the objects to measure, or one of them is nowhere.
    FrameError
        If a label image cannot be read.
    """
    areas: dict[int, dict[int, int]] = {}
    unclear: dict[int, set[int]] = {}
    for frame in sorted(truth.known):
        for object_id, area in count_labels(truth.labels[frame]).items():
            areas.setdefault(object_id, {})[frame] = area
        for object_id in truth.labels.unclear(frame):
            unclear.setdefault(object_id, set()).add(frame)
    return Census(
        {i: areas[i] for i in _measured(truth, areas)},
        truth.known,
        {i: frozenset(frames) for i, frames in unclear.items()},
        ends_of(truth, {i: max(frames) for i, frames in areas.items()}),
    )


def ends_of(truth: Truth, seen: Mapping[int, int]) -> dict[int, int]:
    """Return the last frame of every object that divides: of its track, or its masks.

    Parameters
    ----------
    truth : Truth
    seen : mapping of int to int
        The last frame on which each object has a mask.
    """
    mothers = set(truth.parents.values()) & seen.keys()
    return {i: truth.track_ends.get(i, seen[i]) for i in sorted(mothers)}


def _measured(truth: Truth, areas: Mapping[int, Any]) -> list[int]:
    """Return the objects to measure, and check that they exist."""
    if not areas:
        raise StackError(f"The labels of {truth.name} are empty: they show no object.")
    if truth.ids is None:
        return sorted(areas)
    missing = [i for i in truth.ids if i not in areas]
    if missing:
        raise StackError(
            f"{truth.name} is to be measured on object {missing[0]}, which its labels "
            "do not show on any annotated frame."
        )
    return sorted(truth.ids)


def count_labels(labels: npt.NDArray[Any]) -> dict[int, int]:
    """Return the pixels of every label above 0 of an image, by label."""
    ids, counts = np.unique(labels[labels > 0], return_counts=True)
    return {int(i): int(n) for i, n in zip(ids, counts, strict=True)}
