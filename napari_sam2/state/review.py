"""Which masks deserve a look, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.state.suspicions import (
    contact,
    filled_image,
    low_confidence,
    sudden_change,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place
    from napari_sam2.state.suspicions import Suspicion
    from napari_sam2.state.thresholds import ReviewThresholds


@dataclass(frozen=True, slots=True)
class Doubt:
    """A mask that deserves a look.

    Attributes
    ----------
    object_id, frame : int
    severity : float
        Above 0; the worst is the largest. Several reasons add up.
    reasons : tuple of str
        Sentences, the gravest first.
    """

    object_id: int
    frame: int
    severity: float
    reasons: tuple[str, ...]


def doubts_on(
    document: Document, frame: int, limits: ReviewThresholds
) -> dict[int, Doubt]:
    """Return the doubtful masks of a frame by object.

    What the user painted or locked is not doubted; what was accepted still is, see
    :func:`next_doubtful`. A frame's doubts hang on its own masks and on those of the
    frame before.
    """
    found = {}
    for object_id, one in document.masks.on_frame(frame).items():
        if not one.is_protected:
            reasons = list(_suspicions(document, (object_id, frame), limits))
            if reasons:
                found[object_id] = _doubt((object_id, frame), reasons)
    return found


def all_doubts(
    document: Document,
    limits: ReviewThresholds,
    frames: Iterable[int] | None = None,
) -> dict[Place, Doubt]:
    """Return the doubtful masks of several frames, all by default."""
    if frames is None:
        frames = range(document.frame_count)
    return {
        (object_id, frame): doubt
        for frame in frames
        for object_id, doubt in doubts_on(document, frame, limits).items()
    }


def next_doubtful(
    document: Document,
    doubts: Iterable[Doubt],
    *,
    objects: Collection[int] | None = None,
) -> Doubt | None:
    """Return the worst mask that nobody has accepted yet; the earliest among equals.

    Parameters
    ----------
    document : Document
    doubts : iterable of Doubt
        For example the values of :func:`all_doubts`.
    objects : collection of int, optional
        Look at these objects only.
    """
    waiting = [
        doubt
        for doubt in doubts
        if (objects is None or doubt.object_id in objects)
        and _is_waiting(document, doubt)
    ]
    return min(waiting, key=lambda d: (-d.severity, d.frame, d.object_id), default=None)


class Reviewer:
    """Keeps the doubts of a document, and looks only at frames that have changed.

    Nothing is computed until it is asked for: :meth:`refresh` in small portions, from a
    timer, keeps a window responsive while a run fills the document.

    Parameters
    ----------
    document : Document
    limits : ReviewThresholds
    """

    def __init__(self, document: Document, limits: ReviewThresholds) -> None:
        self._document = document
        self._limits = limits
        self._by_frame: dict[int, dict[int, Doubt]] = {}
        self._stale = set(range(document.frame_count))
        document.masks_changed.connect(self._on_masks_changed)
        document.objects_changed.connect(self._on_objects_changed)

    @property
    def limits(self) -> ReviewThresholds:
        """When a mask is doubtful; setting it has everything looked at again."""
        return self._limits

    @limits.setter
    def limits(self, limits: ReviewThresholds) -> None:
        if limits != self._limits:
            self._limits = limits
            self._stale = set(range(self._document.frame_count))

    def refresh(self, count: int | None = None) -> frozenset[int]:
        """Look at the frames that have changed, at most ``count`` of them.

        Returns
        -------
        frozenset of int
            The frames that were looked at; empty when everything is up to date.
        """
        frames = frozenset(sorted(self._stale)[:count])
        for frame in frames:
            self._by_frame[frame] = doubts_on(self._document, frame, self._limits)
        self._stale -= frames
        return frames

    def on_frame(self, frame: int) -> dict[int, Doubt]:
        """Return the doubtful masks of a frame by object, as of the last refresh."""
        return self._by_frame.get(frame, {})

    def doubts(self) -> Iterator[Doubt]:
        """Iterate over all doubts, as of the last refresh."""
        for frame in sorted(self._by_frame):
            yield from self._by_frame[frame].values()

    def next_doubtful(self, objects: Collection[int] | None = None) -> Doubt | None:
        """Return the worst mask that nobody has accepted yet, after a refresh."""
        self.refresh()
        return next_doubtful(self._document, self.doubts(), objects=objects)

    def _on_masks_changed(self, frames: frozenset[int]) -> None:
        after = {
            frame + 1 for frame in frames if frame + 1 < self._document.frame_count
        }
        self._stale |= frames | after

    def _on_objects_changed(self, object_ids: frozenset[int]) -> None:
        """Look again at what names these objects: they may have another name."""
        for object_id in object_ids:
            self._on_masks_changed(frozenset(self._document.masks.of_object(object_id)))


def _suspicions(
    document: Document, place: Place, limits: ReviewThresholds
) -> Iterator[Suspicion]:
    object_id, frame = place
    row = document.masks.of_object(object_id)
    one = row[frame]
    yield from low_confidence(one, limits)
    yield from filled_image(one.mask, limits)
    if frame - 1 in row:
        yield from sudden_change(one.mask, row[frame - 1].mask, limits)
    for other_id, other in document.masks.on_frame(frame).items():
        if other_id != object_id:
            name = document.objects[other_id].name
            yield from contact(one.mask, other.mask, name, limits)


def _doubt(place: Place, suspicions: list[Suspicion]) -> Doubt:
    suspicions.sort(key=lambda one: -one.severity)
    severity = sum(one.severity for one in suspicions)
    return Doubt(*place, severity, tuple(one.reason for one in suspicions))


def _is_waiting(document: Document, doubt: Doubt) -> bool:
    mask = document.masks.get((doubt.object_id, doubt.frame))
    return mask is not None and not (mask.is_reviewed or mask.is_protected)
