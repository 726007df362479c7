"""All measures of a method on a stack: of frames, of whole objects, of the stack."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_sam2.evaluation.cell_tracking import Reference, cell_tracking_measures
from napari_sam2.evaluation.masks import true_masks
from napari_sam2.evaluation.scores import MethodScore, score_objects
from napari_sam2.evaluation.volumes import volume_measures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.scores import ObjectScore
    from napari_sam2.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class Found:
    """What a method gave, and how good that was after each pass."""

    masks: Masks
    passes: tuple[float, ...] = ()


@dataclass(slots=True)
class Scorer:
    """Compares what methods gave with the truth of one stack.

    Attributes
    ----------
    truth : Truth
    todo : Assignment
    true : Masks
        The true masks.
    cell_tracking : bool
        Whether to measure SEG, DET and TRA, where that is possible.
    """

    truth: Truth
    todo: Assignment
    true: Masks
    cell_tracking: bool = False
    _reference: Reference | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Read what the measures of time-lapses need besides masks."""
        if self.cell_tracking and self.truth.kind == "time-lapse":
            self._reference = self._read_reference()

    def score(self, found: Mapping[str, Found]) -> tuple[MethodScore, ...]:
        """Return all measures of what each method found.

        Raises
        ------
        MissingExtraError
            If SEG, DET and TRA are asked for without the challenge's package.
        """
        extra: dict[str, dict[str, float]] = {}
        if self._reference is not None:
            masks = {method: one.masks for method, one in found.items()}
            extra = cell_tracking_measures(masks, self._reference, self.todo)
        return tuple(
            MethodScore(method, self._objects(one), one.passes, extra.get(method, {}))
            for method, one in found.items()
        )

    def _objects(self, found: Found) -> tuple[ObjectScore, ...]:
        objects = score_objects(found.masks, self.true, self.todo)
        if self.truth.kind == "volume":
            return tuple(self._with_volume(one, found.masks) for one in objects)
        return objects

    def _with_volume(self, one: ObjectScore, found: Masks) -> ObjectScore:
        spacing = self.truth.spacing
        measures = volume_measures(found, self.true, self.todo, one.object_id, spacing)
        return replace(one, extra=measures)

    def _read_reference(self) -> Reference | None:
        """Return the cells' tracks, if they are known on every frame."""
        truth, todo = self.truth, self.todo
        if truth.markers is not None:
            everywhere = replace(
                truth, labels=truth.markers, known=frozenset(todo.frames)
            )
            markers = true_masks(everywhere, todo.ids, todo.frames)
            return Reference(self.true, markers, truth.parents)
        if not truth.known.issuperset(todo.frames):
            return None
        return Reference(self.true, self.true, truth.parents)
