"""All measures of a method on a stack: of frames, of whole objects, of the stack."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_sam2.evaluation.cell_tracking import Reference, cell_tracking_measures
from napari_sam2.evaluation.masks import true_masks
from napari_sam2.evaluation.scores import MethodScore, score_objects
from napari_sam2.evaluation.volumes import volume_measures

if TYPE_CHECKING:
    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.scores import ObjectScore
    from napari_sam2.evaluation.truth import Truth


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

    def score(
        self, method: str, found: Masks, passes: tuple[float, ...] = ()
    ) -> MethodScore:
        """Return all measures of one method.

        Raises
        ------
        MissingExtraError
            If SEG, DET and TRA are asked for without the challenge's package.
        """
        objects = score_objects(found, self.true, self.todo)
        if self.truth.kind == "volume":
            objects = tuple(self._with_volume(one, found) for one in objects)
        extra = {}
        if self._reference is not None:
            extra = cell_tracking_measures(found, self._reference, self.todo)
        return MethodScore(method, objects, passes, extra)

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
