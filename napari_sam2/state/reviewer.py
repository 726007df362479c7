"""The doubts of a document, kept up to date while it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.state.review import (
    Doubt,
    FirstPrompts,
    doubts_on,
    first_prompted,
    inherited,
    next_doubtful,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place
    from napari_sam2.state.thresholds import ReviewThresholds


class Reviewer:
    """Keeps the doubts of a document, and looks only at what has changed.

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
        self._own: dict[int, dict[int, Doubt]] = {}
        self._inherited: dict[int, dict[int, Doubt]] = {}
        self._first_prompts = first_prompted(document, document.objects)
        # dicts without values, because sets do not remember an order
        self._stale_frames: dict[int, None] = {}
        self._stale_objects: dict[int, None] = {}
        self._distrust(range(document.frame_count))
        document.masks_changed.connect(self._on_masks_changed)
        document.prompts_changed.connect(self._on_prompts_changed)
        document.objects_changed.connect(self._on_objects_changed)

    @property
    def limits(self) -> ReviewThresholds:
        """When a mask is doubtful; setting it has everything looked at again."""
        return self._limits

    @limits.setter
    def limits(self, limits: ReviewThresholds) -> None:
        if limits != self._limits:
            self._limits = limits
            self._distrust(range(self._document.frame_count))

    @property
    def waiting_count(self) -> int:
        """How many frames have changed and were not looked at yet."""
        return len(self._stale_frames)

    @property
    def is_up_to_date(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self._stale_frames or self._stale_objects)

    def refresh(self, count: int | None = None) -> frozenset[int]:
        """Look at what has changed: at most ``count`` frames, or rows when it is done.

        Returns
        -------
        frozenset of int
            The frames whose doubts may differ now.
        """
        looked: set[int] = set()
        left = len(self._stale_frames) + len(self._document.objects)
        left = left if count is None else count
        while left > 0 and not self.is_up_to_date:
            left -= 1
            if self._stale_frames:
                frame = next(iter(self._stale_frames))
                del self._stale_frames[frame]
                self._look_at(frame)
                looked.add(frame)
            else:
                looked |= self._pass_on(self._stale_objects.popitem()[0])
        return frozenset(looked)

    def doubt(self, object_id: int, frame: int) -> Doubt | None:
        """Return the doubt about a mask, if there is any, as of the last refresh."""
        own = self._own.get(object_id, {}).get(frame)
        return own or self._inherited.get(object_id, {}).get(frame)

    def on_frame(self, frame: int) -> dict[int, Doubt]:
        """Return the doubtful masks of a frame by object, as of the last refresh."""
        found = {i: self.doubt(i, frame) for i in self._document.masks.on_frame(frame)}
        return {i: doubt for i, doubt in found.items() if doubt is not None}

    def doubts(self) -> Iterator[Doubt]:
        """Iterate over all doubts, as of the last refresh."""
        for table in (self._own, self._inherited):
            for row in table.values():
                yield from row.values()

    def next_doubtful(
        self, objects: Collection[int] | None = None, after: Doubt | None = None
    ) -> Doubt | None:
        """Return the worst mask that nobody has accepted, as of the last refresh.

        Or the next one in order of doubt ``after`` another.
        """
        return next_doubtful(
            self._document, self.doubts(), objects=objects, after=after
        )

    def _look_at(self, frame: int) -> None:
        """Find what is odd on a frame; what follows it is looked at later."""
        found = doubts_on(self._document, frame, self._limits, self._first_prompts)
        here = self._document.masks.on_frame(frame).keys()
        for object_id, row in self._own.items():
            if row.pop(frame, None) is not None:
                self._stale_objects[object_id] = None
        for object_id, row in self._inherited.items():
            if frame in row:
                self._stale_objects[object_id] = None
        for object_id, doubt in found.items():
            self._own.setdefault(object_id, {})[frame] = doubt
        self._stale_objects |= dict.fromkeys(here & self._own.keys())

    def _pass_on(self, object_id: int) -> set[int]:
        """Pass doubts on along an object's row; return the frames that they changed."""
        before = self._inherited.pop(object_id, {})
        own, first = self._own.get(object_id, {}), self._first_of(object_id)
        after = inherited(self._document, object_id, own, first)
        if after:
            self._inherited[object_id] = after
        return {
            f for f in before.keys() | after.keys() if before.get(f) != after.get(f)
        }

    def _distrust(self, frames: Iterable[int]) -> None:
        self._stale_frames |= dict.fromkeys(frames)

    def _on_masks_changed(self, frames: frozenset[int]) -> None:
        last = self._document.frame_count - 1
        around = {frame + 1 for frame in frames if frame < last}
        starts = {frame: self._document.series_of(frame).start for frame in frames}
        reach = {start: self._reach(start) for start in {*starts.values()}}
        around |= {f - 1 for f, start in starts.items() if start < f <= reach[start]}
        self._distrust(sorted(frames | around))

    def _reach(self, start: int) -> int:
        """Return up to where in a series objects are carried on backward."""
        firsts = (row.get(start, start) for row in self._first_prompts.values())
        return max(firsts, default=start)

    def _first_of(self, object_id: int) -> FirstPrompts:
        return self._first_prompts.get(object_id, {})

    def _on_prompts_changed(self, places: frozenset[Place]) -> None:
        objects = {object_id for object_id, _ in places}
        first = first_prompted(self._document, objects)
        for object_id in objects:
            self._stale_objects[object_id] = None
            before, now = self._first_of(object_id), first.get(object_id, {})
            self._first_prompts[object_id] = now
            row = self._document.masks.of_object(object_id)
            for start in sorted({start for start, _ in before.items() ^ now.items()}):
                series = self._document.series_of(start)
                self._distrust(frame for frame in series if frame in row)

    def _on_objects_changed(self, object_ids: frozenset[int]) -> None:
        """Look again at what names these objects: they may have another name."""
        frames: set[int] = set()
        for object_id in object_ids:
            if object_id not in self._document.objects:
                self._own.pop(object_id, None)
                self._inherited.pop(object_id, None)
                self._first_prompts.pop(object_id, None)
            frames.update(self._document.masks.of_object(object_id))
        self._on_masks_changed(frozenset(frames))
