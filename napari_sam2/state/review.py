"""Which masks deserve a look, and why, in words. Pure functions of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.state.suspicions import (
    contact,
    filled_image,
    low_confidence,
    neighbours,
    sudden_change,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place
    from napari_sam2.state.settings import Direction
    from napari_sam2.state.suspicions import Suspicion
    from napari_sam2.state.thresholds import ReviewThresholds

_INHERITED_SEVERITY = 0.05

FirstPrompts: TypeAlias = "Mapping[int, int]"
"""The first frame of every series that an object is prompted in, by its start."""


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
    is_lasting : bool
        Whether masks that were carried on from this one are doubtful as well.
    since : int or None
        The doubtful frame that this one was carried on from; None for a frame that is
        odd in itself.
    """

    object_id: int
    frame: int
    severity: float
    reasons: tuple[str, ...]
    is_lasting: bool = False
    since: int | None = None


def doubts_on(
    document: Document,
    frame: int,
    limits: ReviewThresholds,
    first_prompts: Mapping[int, FirstPrompts] | None = None,
) -> dict[int, Doubt]:
    """Return the masks of a frame that are odd in themselves, by object.

    What the user painted or locked is not doubted; what was accepted still is, see
    :func:`next_doubtful`. A frame's doubts hang on its own masks and on those of the
    neighbouring frame that is nearer to the prompts.

    Parameters
    ----------
    document : Document
    frame : int
    limits : ReviewThresholds
    first_prompts : mapping of int to FirstPrompts, optional
        Those of objects; looked up by default.
    """
    found = {}
    on_frame = document.masks.on_frame(frame)
    if first_prompts is None:
        first_prompts = first_prompted(document, on_frame)
    near = neighbours({i: one.mask for i, one in on_frame.items()})
    series = document.series_of(frame)
    for object_id, one in on_frame.items():
        if not one.is_protected:
            is_before = frame < _start(series, first_prompts.get(object_id, {}))
            source = frame + 1 if is_before else frame - 1
            place = object_id, frame
            before = source if source in series else None
            reasons = [
                *_own_suspicions(document, place, before, limits),
                *_contacts(document, place, near[object_id], limits),
            ]
            if reasons:
                found[object_id] = _doubt(place, reasons)
    return found


def first_prompted(
    document: Document, object_ids: Iterable[int]
) -> dict[int, FirstPrompts]:
    """Return where those objects that are prompted are prompted first."""
    found = {i: document.first_prompts(i) for i in object_ids if i in document.objects}
    return {i: frames for i, frames in found.items() if frames}


def inherited(
    document: Document,
    object_id: int,
    own: Mapping[int, Doubt],
    first_prompts: FirstPrompts,
) -> dict[int, Doubt]:
    """Return the doubts that frames have from those that they were carried on from.

    An object that was lost stays lost, and looks steady then. So doubt is passed on,
    away from the first prompt, until a frame that the user vouches for: prompted,
    painted, locked or accepted.

    Parameters
    ----------
    document : Document
    object_id : int
    own : mapping of int to Doubt
        The object's frames that are odd in themselves.
    first_prompts : FirstPrompts
        Where the object was carried on from, both ways.
    """
    lasting = {frame for frame, doubt in own.items() if doubt.is_lasting}
    found: dict[int, Doubt] = {}
    for series in {document.series_of(frame) for frame in lasting}:
        start = _start(series, first_prompts)
        for way in (range(start, series.stop), range(start - 1, series.start - 1, -1)):
            found |= _inherited_along(document, object_id, own, way)
    return found


def _inherited_along(
    document: Document, object_id: int, own: Mapping[int, Doubt], way: range
) -> dict[int, Doubt]:
    found = {}
    row = document.masks.of_object(object_id)
    source: Doubt | None = None
    for frame in way:
        if frame not in row:
            continue
        if _is_vouched_for(document, (object_id, frame)):
            source = None
        elif frame in own:
            source = own[frame] if own[frame].is_lasting else source
        elif source is not None:
            found[frame] = _carried_on(document, source, frame)
    return found


def next_doubtful(
    document: Document,
    doubts: Iterable[Doubt],
    *,
    objects: Collection[int] | None = None,
    after: Doubt | None = None,
) -> Doubt | None:
    """Return the worst mask that nobody has accepted yet; the earliest among equals.

    Parameters
    ----------
    document : Document
    doubts : iterable of Doubt
        Such as those of :meth:`~napari_sam2.state.reviewer.Reviewer.doubts`.
    objects : collection of int, optional
        Look at these objects only.
    after : Doubt, optional
        Return the next one in that order, and the worst when this is the last.
    """
    waiting = [
        doubt
        for doubt in doubts
        if (objects is None or doubt.object_id in objects)
        and is_waiting(document, doubt)
    ]
    further = [d for d in waiting if after and _by_doubt(d) > _by_doubt(after)]
    return min(further or waiting, key=_by_doubt, default=None)


def _by_doubt(doubt: Doubt) -> tuple[float, int, int]:
    return -doubt.severity, doubt.frame, doubt.object_id


def onward(
    document: Document, object_id: int, frame: int, within: range | None = None
) -> tuple[Direction, range]:
    """Return the way on which a correction is carried: away from the other prompts.

    Parameters
    ----------
    document : Document
    object_id, frame : int
        What was corrected, and where.
    within : range, optional
        The part of every series that runs are to compute, counted from its start. It
        is heeded where anything in it lies beyond the frame.

    Returns
    -------
    direction : str
    frames : range
        From the corrected frame to the end of that part, or else of the stack or
        series, on that side: as far as the object lives.
    """
    whole = document.series_of(frame)
    wanted = whole if within is None else whole[within.start : within.stop]
    series, wanted = (_lived(document, object_id, one) for one in (whole, wanted))
    said = document.said_about(object_id)
    others = [other for other in said if other != frame and other in series]
    if others and frame < min(others):
        is_heeded = frame in wanted and frame > wanted.start
        return "backward", range((wanted if is_heeded else series).start, frame + 1)
    is_heeded = frame in wanted and frame < wanted.stop - 1
    return "forward", range(frame, (wanted if is_heeded else series).stop)


def _lived(document: Document, object_id: int, frames: range) -> range:
    """Return those frames on which an object can be."""
    lives = document.lives
    begin = lives.begins.get(object_id, frames.start)
    end = lives.ends.get(object_id, frames.stop)
    return range(max(begin, frames.start), min(end, frames.stop))


def is_waiting(document: Document, doubt: Doubt) -> bool:
    """Whether nobody has looked at a doubtful mask yet, as who prompts it does."""
    place = doubt.object_id, doubt.frame
    is_known = document.masks.get(place) is not None
    return is_known and not _is_vouched_for(document, place)


def _start(series: range, first_prompts: FirstPrompts) -> int:
    """Return where in a series an object was carried on from: its start, if unknown."""
    return first_prompts.get(series.start, series.start)


def _own_suspicions(
    document: Document, place: Place, source: int | None, limits: ReviewThresholds
) -> Iterator[Suspicion]:
    object_id, frame = place
    row = document.masks.of_object(object_id)
    one = row[frame]
    yield from low_confidence(one, limits)
    yield from filled_image(one.mask, limits)
    if source is not None and source in row:
        yield from sudden_change(one.mask, row[source].mask, limits)


def _contacts(
    document: Document, place: Place, others: Iterable[int], limits: ReviewThresholds
) -> Iterator[Suspicion]:
    object_id, frame = place
    on_frame = document.masks.on_frame(frame)
    for other_id in others:
        name = document.objects[other_id].name
        mine, theirs = on_frame[object_id].mask, on_frame[other_id].mask
        yield from contact(mine, theirs, name, limits)


def _doubt(place: Place, suspicions: list[Suspicion]) -> Doubt:
    suspicions.sort(key=lambda one: -one.severity)
    return Doubt(
        *place,
        sum(one.severity for one in suspicions),
        tuple(one.reason for one in suspicions),
        is_lasting=any(one.is_lasting for one in suspicions),
    )


def _carried_on(document: Document, source: Doubt, frame: int) -> Doubt:
    number = source.frame - document.series_of(frame).start
    reason = (
        f"It was carried on from frame {number}, which is doubtful and which "
        "nobody has accepted."
    )
    return Doubt(
        source.object_id, frame, _INHERITED_SEVERITY, (reason,), since=source.frame
    )


def _is_vouched_for(document: Document, place: Place) -> bool:
    mask = document.masks.get(place)
    is_said = place in document.prompts
    return is_said or (mask is not None and (mask.is_protected or mask.is_reviewed))
