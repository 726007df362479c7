"""What trackers were told, with the weights they had: in a session and its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control import Recorder
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.recipe import Made
from napari_sam2.engine.weights import base_of, weights_sha256
from napari_sam2.project.values import ModelReference

if TYPE_CHECKING:
    from napari_sam2.core.adapter_card import BaseWeights
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Contents


def make_recorder(contents: Contents | None = None) -> Recorder:
    """Go on with the recipe of a project, or begin one."""
    steps = () if contents is None else contents.steps
    left = None if contents is None else contents.left
    return Recorder(steps, identify=_identify, find_base=_find_base, left=left)


def model_reference(steps: tuple[RecipeStep, ...], model: str) -> ModelReference:
    """Return which weights a model of this name had last."""
    made = (one for one in reversed(steps) if isinstance(one, Made))
    last = next((one for one in made if one.model == model), Made(model))
    return ModelReference(model, last.sha256, last.base)


def _identify(model: str) -> str | None:
    """Return the checksum of weights; None where no file can be found for them."""
    try:
        return weights_sha256(model)
    except (Sam2Error, OSError):
        return None


def _find_base(model: str) -> BaseWeights | None:
    """Return what an adapter changes; None for other weights."""
    try:
        return base_of(model)
    except (Sam2Error, OSError):
        return None
