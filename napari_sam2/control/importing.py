"""Labels that exist already become objects and prompts, read off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_sam2.control.positions.outlining import as_form
from napari_sam2.control.status import Activity, Topic
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import FrameError, PromptError
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.core.prompt_checks import LARGEST_ID, free_number
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.wording import counted
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.positions.outlining import Form
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.history import History

ReadLabels: TypeAlias = Callable[[int], npt.ArrayLike]
Marks: TypeAlias = dict[int, PackedMask | FramePrompts]
"""What labels of one frame say, by object."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelOrder:
    """Which labels are to become what.

    Attributes
    ----------
    read : callable
        Returns the label image of a frame, integers of shape (H, W); called on the
        lane, so it may compute and read files.
    frames : tuple of int
    form : {"masks", "boxes", "points"}
    object_ids : collection of int or None
        The values to take; all by default. A value becomes the object of that id.
    are_new : bool
        Whether values whose id an object has already become new objects, of the next
        free ids. Otherwise they are said about that object. Values that are too large
        for an id always become new objects.
    only_first : bool
        Whether to take each value only on the first of the frames that it is on.
    names : mapping of int to str
        Names of objects that are new, by value.
    """

    read: ReadLabels
    frames: tuple[int, ...]
    form: Form = "masks"
    object_ids: Collection[int] | None = None
    are_new: bool = False
    only_first: bool = False
    names: Mapping[int, str] = field(default_factory=dict)


class Importing:
    """Reads label images on the lane and makes prompts of them, as one step.

    Parameters
    ----------
    history : History
    dispatcher : Dispatcher
    """

    def __init__(self, history: History, dispatcher: Dispatcher) -> None:
        self._history = history
        self._dispatcher = dispatcher
        self._numbers = count(1)

    def start(
        self, order: LabelOrder, on_taken: Callable[[], None] = lambda: None
    ) -> None:
        """Take label images over; ``on_taken`` is called if anything came of them."""
        gesture = "labels", next(self._numbers)
        shape_hw = self._history.document.shape_hw
        taken = _Taken(order, {*self._history.document.objects})
        self._dispatcher.board.begin(Topic.LABELS)

        def job(token: CancelToken) -> Generator[Progress | tuple[int, Marks]]:
            return _read_marks(order, shape_hw)

        def take(item: tuple[int, Marks]) -> None:
            frame, marks = item
            edit = self._edit(frame, taken.as_objects(marks), taken)
            self._history.do(edit, gesture=gesture)

        self._dispatcher.send(
            Activity.LOADING,
            job,
            topic=Topic.LABELS,
            on_item=take,
            on_end=lambda error: self._end(taken, error, on_taken),
        )

    def _end(
        self, taken: _Taken, error: Exception | None, on_taken: Callable[[], None]
    ) -> None:
        """Say what became of the labels."""
        if error is None and not taken.ids:
            error = PromptError(taken.nothing)
        if error is not None:
            self._dispatcher.board.complain(error, Topic.LABELS)
        else:
            self._dispatcher.board.say(taken.outcome)
            on_taken()

    def _edit(self, frame: int, marks: Marks, taken: _Taken) -> Edit:
        """Return the edit that says it all, without masks that are not to be."""
        document, names = self._history.document, taken.names
        here = {i: one for i, one in marks.items() if document.lives.hold(i, frame)}
        taken.left_out += len(marks) - len(here)
        on_frame = document.masks.on_frame(frame)
        locked = {i for i in here if i in on_frame and on_frame[i].is_locked}
        free = {(i, frame): one for i, one in here.items() if i not in locked}
        taken.ids.update(object_id for object_id, _ in free)
        taken.locked += len(locked)
        masks = {p: one for p, one in free.items() if isinstance(one, PackedMask)}
        said = {p: one for p, one in free.items() if isinstance(one, FramePrompts)}
        if said:
            edit = edits.say(document, said, names=names)
        else:
            given = {object_id: names.get(object_id, "") for object_id, _ in masks}
            edit = edits.paint_masks(document, masks, names=given)
        return replace(edit, label="Start from labels")


@dataclass(slots=True, eq=False)
class _Taken:
    """What became of the labels of an order so far.

    ``before`` are the objects that there were; ``ids`` those that labels became.
    """

    order: LabelOrder
    before: set[int]
    numbers: dict[int, int] = field(default_factory=dict)
    ids: set[int] = field(default_factory=set)
    locked: int = 0
    left_out: int = 0

    def as_objects(self, marks: Marks) -> Marks:
        """Return marks by the object that each value becomes, on every frame alike."""
        new = [value for value in marks if value not in self.numbers]
        for value in sorted(new, key=self.before.__contains__):  # the free ones first
            self.numbers[value] = self._object_of(value, marks)
        return {self.numbers[value]: one for value, one in marks.items()}

    @property
    def names(self) -> dict[int, str]:
        """The names of objects, by id."""
        names = self.order.names
        return {i: names[value] for value, i in self.numbers.items() if value in names}

    @property
    def outcome(self) -> str:
        """What became of the labels, in a sentence or two."""
        said = f"{counted(len(self.ids), 'object starts', 'objects start')} from labels"
        moved = [value for value, i in self.numbers.items() if i != value]
        if moved:
            reason = "taken or too large" if max(moved) > LARGEST_ID else "taken"
            said += f", {len(moved)} of them under another number, as theirs was "
            said += reason
        return " ".join([f"{said}.", *self._not_taken])

    @property
    def nothing(self) -> str:
        """Why no label became anything."""
        why = " ".join(self._not_taken)
        if why:
            return f"Nothing was taken of these labels. {why}"
        return "There are no such labels on these frames: nothing to take."

    @property
    def _not_taken(self) -> list[str]:
        """What was not taken over, in a sentence for each reason."""
        said = []
        if self.left_out:
            words = "mask is left out, where its", "masks are left out, where their"
            count = counted(self.left_out, *words)
            said.append(f"{count} object has divided or does not begin yet.")
        if self.locked:
            words = "mask is locked and stays", "masks are locked and stay"
            said.append(f"{counted(self.locked, *words)} as before.")
        return said

    def _object_of(self, value: int, marks: Marks) -> int:
        taken = self.before | {*self.numbers.values()}
        if value <= LARGEST_ID and not (self.order.are_new and value in taken):
            return value
        return free_number(taken | {one for one in marks if one <= LARGEST_ID})


def _read_marks(
    order: LabelOrder, shape_hw: tuple[int, int]
) -> Generator[Progress | tuple[int, Marks]]:
    """Read frame by frame, on the lane."""
    wanted = None if order.object_ids is None else {*order.object_ids}
    seen: set[int] = set()
    for done, frame in enumerate(order.frames):
        if order.only_first and wanted is not None and wanted <= seen:
            return
        yield Progress(done, len(order.frames), "Reading labels")
        masks = pack_labels(_read(order.read, frame, shape_hw), wanted)
        news = [i for i in masks if i not in seen] if order.only_first else masks
        seen.update(masks)
        yield frame, {i: as_form(masks[i], order.form) for i in news}


def _read(
    read: ReadLabels, frame: int, shape_hw: tuple[int, int]
) -> npt.NDArray[np.integer[Any]]:
    try:
        labels = np.asarray(read(frame))
    except (OSError, ValueError, RuntimeError, IndexError) as error:
        raise FrameError(
            f"The labels of frame {frame} could not be read: {error}"
        ) from error
    if labels.shape != shape_hw or labels.dtype.kind not in "bui":
        raise PromptError(
            f"The labels of frame {frame} have shape {labels.shape} and type "
            f"{labels.dtype}, but whole numbers of shape {shape_hw} are needed: a "
            "label for every pixel of the frame."
        )
    return labels
