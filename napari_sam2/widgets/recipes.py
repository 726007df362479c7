"""What trackers were told, with the weights they had: in a session and its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control import Recorder
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.recipe import Made
from napari_sam2.engine.weights import weights_sha256

if TYPE_CHECKING:
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Contents


def make_recorder(contents: Contents | None = None) -> Recorder:
    """Go on with the recipe of a project, or begin one."""
    steps = () if contents is None else contents.steps
    return Recorder(steps, identify=_identify)


def last_sha256(steps: tuple[RecipeStep, ...], model: str) -> str | None:
    """Return the checksum of the weights that a model of this name had last."""
    made = (one for one in reversed(steps) if isinstance(one, Made))
    return next((one.sha256 for one in made if one.model == model), None)


def _identify(model: str) -> str | None:
    """Return the checksum of weights; None where no file can be found for them."""
    try:
        return weights_sha256(model)
    except (Sam2Error, OSError):
        return None
