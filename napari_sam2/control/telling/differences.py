"""What a tracker has to be told so that it knows what a document says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.telling.told_tracker import ToldTracker, telling
from napari_sam2.core.cancel import Progress
from napari_sam2.core.recipe import Removed, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.state.masks import Place


def tell_differences(
    tracker: ToldTracker, snapshot: Snapshot, token: CancelToken
) -> Iterator[Progress]:
    """Tell the tracker what differs from what it was told."""
    for object_id in outdated_objects(tracker, snapshot):
        tracker.remove(Removed(object_id))
    spare_id = max(snapshot.alive | tracker.object_ids, default=0) + 1
    news = [p for p in sorted(snapshot.said) if not knows(tracker, p, snapshot)]
    for done, place in enumerate(news):
        if len(news) > 1:
            yield Progress(done, len(news), "Reading the prompts")
        if token.is_cancelled:
            return
        tracker.tell(_news(place, snapshot), spare_id=spare_id)
    # Last, so that an object whose only prompt moves keeps its memory.
    for place in [p for p in tracker.told if p[0] in snapshot.scope]:
        if place not in snapshot.said:
            tracker.tell(Told(*place), spare_id=spare_id)


def knows(tracker: ToldTracker, place: Place, snapshot: Snapshot) -> bool:
    """Whether a tracker was told what is said at a place now."""
    return place in tracker.told and tracker.told[place][0] == snapshot.said[place]


def _news(place: Place, snapshot: Snapshot) -> Told:
    """Return what the tracker is to be told about a place."""
    seen = snapshot.corrected.get(place)
    previous = None if seen is None or seen.is_absent else seen
    return telling(place, snapshot.said[place], previous)


def outdated_objects(tracker: ToldTracker, snapshot: Snapshot) -> Iterator[int]:
    """Yield objects that are gone, unprompted, or remembered otherwise."""
    spoken_of = {object_id for object_id, _ in snapshot.said}
    for object_id in tracker.object_ids:
        is_gone = object_id not in snapshot.alive
        in_scope = object_id in snapshot.scope
        is_silent = in_scope and object_id not in spoken_of
        strays = in_scope and tracker.remembered.strays(object_id, snapshot)
        if is_gone or is_silent or strays:
            yield object_id
