"""From rows of a project's tables to the steps of its recipe, checked."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.recipe import Followed, Made, RecipeStep, Removed, Told
from napari_sam2.project.checks import as_fields, as_whole, load_json
from napari_sam2.project.decoding import Row, read_outlines, read_pixels, read_place
from napari_sam2.project.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_sam2.core.masks.packed import PackedMask

_ROLES = ("painted", "previous")
_PLAIN = {"made": Made, "removed": Removed, "followed": Followed}


def read_steps(
    rows: Iterable[Row], mask_rows: Iterable[Row], shape_hw: tuple[int, int]
) -> tuple[RecipeStep, ...]:
    """Return the steps in order."""
    masks: dict[int, dict[str, PackedMask]] = defaultdict(dict)
    for number, role, *columns in mask_rows:
        if role not in _ROLES:
            raise ProjectError(f"a mask of step {number} has no known role.")
        where = f"a mask of step {number}"
        masks[number][role] = read_pixels(tuple(columns), shape_hw, where)
    steps = []
    for expected, (number, text) in enumerate(rows):
        as_whole(number, "the number of a step", expected, expected)
        where = f"step {number}"
        steps.append(_step(load_json(text, where), masks.pop(number, {}), where))
    if masks:
        raise ProjectError("a step is missing.")
    return tuple(steps)


def check_steps(
    steps: Iterable[RecipeStep], frame_count: int, *, is_volume: bool
) -> None:
    """Check that steps are about frames and axes that exist."""
    for step in steps:
        if isinstance(step, Followed) and step.across and not is_volume:
            raise ProjectError("a step goes along several axes of many volumes.")
        if isinstance(step, Told):
            as_whole(step.frame, "the frame of a step", 0, frame_count - 1)


def _step(content: Any, masks: dict[str, PackedMask], where: str) -> RecipeStep:
    kind = content.get("kind") if type(content) is dict else None
    if kind == "told":
        return _told(content, masks, where)
    if kind not in _PLAIN or masks:
        raise ProjectError(f"{where} is of no known kind.")
    step: RecipeStep = from_json(_PLAIN[kind], content, where)
    if isinstance(step, Followed):
        first, stop = step.frames or (0, 1)
        if not 0 <= first < stop or step.done < 0:
            raise ProjectError(f"{where} has no frames.")
        if len({one.number for one in step.across}) < len(step.across):
            raise ProjectError(f"{where} goes along an axis twice.")
    return step


def _told(content: Any, masks: dict[str, PackedMask], where: str) -> Told:
    names = {"kind", "object_id", "frame", "prompts"}
    fields = as_fields(content, where, names)
    prompts = fields["prompts"]
    return Told(
        *read_place(fields["object_id"], fields["frame"]),
        None if prompts is None else read_outlines(prompts, where),
        masks.get("painted"),
        masks.get("previous"),
    )
