"""The only truth of a session: objects, what was said about them, and their masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_sam2.core.errors import PromptError
from napari_sam2.state.edit import differing, put
from napari_sam2.state.lineage import lives_of
from napari_sam2.state.mask_row import are_different, held, repainted
from napari_sam2.state.mask_table import MaskTable
from napari_sam2.state.masks import FrameMask, Origin, Place, painted_order
from napari_sam2.state.prompted_frames import PromptedFrames
from napari_sam2.state.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.edit import Edit, TrackedObject


class Document:
    """A session on one stack, changed by edits only.

    Layers and panels are projections of it: they listen to its signals, read it, and
    turn what the user does into edits (:mod:`napari_sam2.state.edits`), which go
    through :meth:`napari_sam2.state.history.History.do` when they can be undone. It
    belongs to one thread, the one that shows it.

    Parameters
    ----------
    frame_count : int
        Number of frames of the stack.
    shape_hw : tuple of int
        Height and width of a frame in pixels.
    series_length : int, optional
        How many frames follow each other. All by default; of a stack with many
        positions, those of each, see
        :class:`napari_sam2.core.frames.numbers.FrameNumbers`.
    spill : Spill, optional
        Where masks go that would take too much memory.

    Attributes
    ----------
    objects : mapping of int to TrackedObject
        By id, in the order of their ids.
    lives : Lives
        When each of them can be there, as far as divisions say.
    prompts : dict of (object_id, frame) to FramePrompts
        Points and boxes, to be read only; edits change it in place, however many there
        are. A painted mask is a prompt as well, but is kept once, in ``masks``.
    masks : MaskTable
        What is known about each object on each frame; read it with ``get``,
        ``of_object`` and ``on_frame``.

    Notes
    -----
    Every signal comes once per edit, after the whole edit was made.
    """

    objects_changed = Signal(frozenset)
    """frozenset of object ids: added, removed or renamed."""
    prompts_changed = Signal(frozenset)
    """frozenset of (object_id, frame) whose points, box or painting differ now."""
    masks_changed = Signal(frozenset)
    """frozenset of frames on which a mask, its confidence or its flags differ now."""
    selection_changed = Signal(object)
    """The id of the object that new prompts are for, or None."""

    def __init__(
        self,
        *,
        frame_count: int,
        shape_hw: tuple[int, int],
        series_length: int | None = None,
        spill: Spill | None = None,
    ) -> None:
        self.spill = Spill() if spill is None else spill
        self.frame_count = frame_count
        self.series_length = series_length or frame_count
        self.shape_hw = int(shape_hw[0]), int(shape_hw[1])
        self._set_objects({})
        self.prompts: dict[Place, FramePrompts] = {}
        self._prompted = PromptedFrames()
        self.masks = MaskTable()
        self._selected: int | None = None

    @property
    def selected(self) -> int | None:
        """The object that new prompts are for; None when there is none."""
        return self._selected

    def select(self, object_id: int | None) -> None:
        """Choose the object that new prompts are for.

        Raises
        ------
        PromptError
            If there is no such object.
        """
        if object_id is not None:
            self.get_object(object_id)
        if object_id != self._selected:
            self._selected = object_id
            self.selection_changed.emit(object_id)

    def series_of(self, frame: int) -> range:
        """Return the frames that a frame is one of a row with."""
        first = frame - frame % self.series_length
        return range(first, first + self.series_length)

    def get_object(self, object_id: int) -> TrackedObject:
        """Return an object by its id.

        Raises
        ------
        PromptError
            If there is no such object.
        """
        if object_id not in self.objects:
            known = ", ".join(map(str, self.objects)) or "none"
            raise PromptError(
                f"There is no object {object_id}; the objects are: {known}."
            )
        return self.objects[object_id]

    def inverse_of(self, edit: Edit) -> Edit:
        """Return the edit that brings back what is there before ``edit``."""
        return edit.inverse(self.objects, self.prompts, self.masks)

    def apply(self, edit: Edit, inverse: Edit | None = None) -> Edit:
        """Make a change, tell who listens, and return the edit that takes it back.

        Parameters
        ----------
        edit : Edit
        inverse : Edit, optional
            The same edit, where it is known already.
        """
        inverse = self.inverse_of(edit) if inverse is None else inverse
        objects = differing(inverse.objects, edit.objects)
        prompts = differing(inverse.prompts, edit.prompts)
        rows = {
            frame: held(row, self.spill, as_bytes=self.masks.are_many)
            for frame, row in edit.rows.items()
            if are_different(inverse.rows[frame], row)
        }
        painted = repainted(inverse.rows, rows)
        if objects:
            known = {**self.objects}
            put(edit.objects, known)
            self._set_objects(known)
        if prompts:
            put(edit.prompts, self.prompts)
            self._prompted.note(prompts, self.prompts)
        self.masks.change(rows)
        added = frozenset(i for i in objects if inverse.objects[i] is None)
        self._tell(objects, added, prompts | painted, frozenset(rows))
        return inverse

    def begin_with(
        self,
        objects: Mapping[int, TrackedObject],
        prompts: Mapping[Place, FramePrompts],
        masks: MaskTable,
    ) -> None:
        """Take over what a project keeps; the document must be empty.

        This is not an edit, so that a million masks are not looked at one by one.
        """
        self._set_objects(objects)
        self.prompts = dict(prompts)
        self.masks = masks.copy()
        self._prompted.note(prompts, self.prompts)
        added = frozenset(objects)
        painted = {(i, f) for i in objects for f in masks.painted_frames(i)}
        self._tell(added, added, frozenset(prompts) | painted, masks.frames)

    def said(self, object_id: int, frame: int) -> FramePrompts | PackedMask | None:
        """Return what the user said about an object on a frame: outlines or painting.

        This is what a tracker has to be told. Prompts that a mask alone makes come
        packed; see :attr:`napari_sam2.core.masks.packed.PackedMask.mask`.
        """
        mask = self.masks.get((object_id, frame))
        if mask is not None and mask.origin is Origin.PAINTED:
            return mask.mask
        return self.prompts.get((object_id, frame))

    def said_about(self, object_id: int) -> dict[int, FramePrompts | PackedMask]:
        """Return everything the user said about an object, by frame, in order."""
        frames = self.masks.painted_frames(object_id)
        frames |= self._prompted.of_object(object_id)
        found = {frame: self.said(object_id, frame) for frame in sorted(frames)}
        return {frame: said for frame, said in found.items() if said is not None}

    def needs_answer(self, object_id: int, frame: int) -> bool:
        """Whether the mask of a prompted frame is not the answer to its prompts."""
        prompts = self.prompts.get((object_id, frame))
        mask = self.masks.get((object_id, frame))
        if not prompts:
            return False
        return mask is None or not (mask.is_protected or mask.answers == prompts)

    def first_prompt(self, object_id: int) -> int | None:
        """Return the first frame on which something was said about an object."""
        return min(self.said_about(object_id), default=None)

    def first_prompts(self, object_id: int) -> dict[int, int]:
        """Return the same for each series, by the first of its frames."""
        found: dict[int, int] = {}
        for frame in self.said_about(object_id):  # in order
            found.setdefault(self.series_of(frame).start, frame)
        return found

    def frames_covered(self, object_id: int) -> int:
        """Count the frames on which an object has a mask, absence included."""
        return len(self.masks.of_object(object_id))

    def painted_order(self, frame: int) -> list[tuple[int, FrameMask]]:
        """Return a frame's masks as they are painted: the last ones are seen."""
        return painted_order(self.masks.on_frame(frame))

    @property
    def label_dtype(self) -> np.dtype[Any]:
        """The unsigned type that holds all ids: 16 bits, or 32 when one is larger."""
        largest = max(self.objects, default=0)
        return np.dtype(np.uint16 if largest < 1 << 16 else np.uint32)

    def object_at(
        self,
        frame: int,
        yx: tuple[float, float],
        *,
        hidden: frozenset[int] = frozenset(),
    ) -> int | None:
        """Return the object seen at (y, x), in data pixels; None for background."""
        y, x = round(yx[0]), round(yx[1])
        for object_id, mask in reversed(self.painted_order(frame)):
            if object_id not in hidden and mask.mask.covers((y, x)):
                return object_id
        return None

    def _set_objects(self, objects: Mapping[int, TrackedObject]) -> None:
        self.objects: Mapping[int, TrackedObject] = dict(sorted(objects.items()))
        self.lives = lives_of(self.objects)

    def _tell(
        self,
        objects: frozenset[int],
        added: frozenset[int],
        places: frozenset[Place],
        frames: frozenset[int],
    ) -> None:
        """Tell what differs now; ``added`` are those objects that were not there."""
        if objects:
            self.objects_changed.emit(objects)
            self._keep_selection_valid(added & frozenset(self.objects))
        if places:
            self.prompts_changed.emit(places)
        if frames:
            self.masks_changed.emit(frames)

    def _keep_selection_valid(self, added: frozenset[int]) -> None:
        """Select an object that was added alone, and never one that is gone."""
        wanted = self._selected
        if len(added) == 1:
            (wanted,) = added
        elif wanted not in self.objects:
            below = [i for i in self.objects if wanted is not None and i < wanted]
            wanted = max(below, default=min(self.objects, default=None))
        self.select(wanted)
