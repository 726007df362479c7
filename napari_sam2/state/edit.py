"""Changes of a document as values: what will be different, and nothing else.

An edit names places and what they hold afterwards. Its inverse names the same places
and what they hold now, so undoing is exact whatever the edit was for. The edits that
users make are built in :mod:`napari_sam2.state.edits`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from napari_sam2.core.plain_text import plain_text
from napari_sam2.state.mask_changes import MaskChanges
from napari_sam2.state.mask_row import are_equal, replaced_by

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from napari_sam2.core.lineage import Descent
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.mask_row import MaskRow
    from napari_sam2.state.mask_table import MaskTable
    from napari_sam2.state.masks import FrameMask, Place

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")

_BYTES_PER_ENTRY = 150


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """One object of a session.

    Attributes
    ----------
    object_id : int
        1 or more; the value in label images, and the index of the object's colour.
    name : str
        As every file can keep it; see :func:`~napari_sam2.core.plain_text.plain_text`.
    descent : Descent or None
        The object that it is a daughter of, and since when.
    """

    object_id: int
    name: str
    descent: Descent | None = None

    def __post_init__(self) -> None:
        """Make the name one that can be saved."""
        object.__setattr__(self, "name", plain_text(self.name))


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a document; None removes what was there.

    Attributes
    ----------
    label : str
        What was done, for the undo button: "Move a point of cell 3".
    objects : mapping of int to TrackedObject or None
    prompts : mapping of (object_id, frame) to FramePrompts or None
        Points and boxes. Mask prompts are painted masks.
    masks : mapping of (object_id, frame) to FrameMask or None
    """

    label: str
    objects: Mapping[int, TrackedObject | None] = field(default_factory=dict)
    prompts: Mapping[Place, FramePrompts | None] = field(default_factory=dict)
    masks: Mapping[Place, FrameMask | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the masks by frame."""
        object.__setattr__(self, "masks", MaskChanges.of(self.masks))

    @property
    def rows(self) -> Mapping[int, MaskRow]:
        """The masks by frame, to be joined and exchanged without a look at them."""
        return cast("MaskChanges", self.masks).rows

    def __bool__(self) -> bool:
        """Whether the edit touches anything."""
        return bool(self.objects or self.prompts or self.masks)

    def inverse(
        self,
        objects: Mapping[int, TrackedObject],
        prompts: Mapping[Place, FramePrompts],
        masks: MaskTable,
    ) -> Edit:
        """Return the edit that brings back what a document holds at these places."""
        before = {f: replaced_by(masks.row(f), row) for f, row in self.rows.items()}
        return Edit(
            self.label,
            {i: objects.get(i) for i in self.objects},
            {place: prompts.get(place) for place in self.prompts},
            MaskChanges(before),
        )

    def does_the_same_as(self, other: Edit) -> bool:
        """Whether two edits leave the same at the same places."""
        return (
            self.objects == other.objects
            and self.prompts == other.prompts
            and self.rows.keys() == other.rows.keys()
            and all(are_equal(row, other.rows[f]) for f, row in self.rows.items())
        )

    @property
    def nbytes(self) -> int:
        """About how much memory the edit keeps alive."""
        masks = sum(row.nbytes for row in self.rows.values())
        return masks + _BYTES_PER_ENTRY * (len(self.objects) + len(self.prompts))


def differing(
    before: Mapping[K, V | None], after: Mapping[K, V | None]
) -> frozenset[K]:
    """Return the keys, of those in ``after``, whose values are others than before."""
    return frozenset(key for key in after if before[key] != after[key])


def put(changes: Mapping[K, V | None], table: dict[K, V]) -> None:
    """Make changes in a table; None removes what was there."""
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
