"""All that was said is found again: points, boxes, and paintings beneath answers."""

from __future__ import annotations

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.said import Said
from napari_sam2.state import FrameMask, MaskTable, Origin
from napari_sam2.state.said import everything_said
from tests.state.conftest import click, square


def test_a_painting_that_points_refined_is_told_with_them() -> None:
    painted, refined = pack_mask(square(2, 2)), pack_mask(square(3, 3))
    beneath = FrameMask(painted, Origin.PAINTED, 1.0, 1.0)
    answer = FrameMask(refined, Origin.PROMPTED, 0.9, 1.0, beneath=beneath)
    tracked = FrameMask(refined, Origin.TRACKED, 0.9, 1.0)
    masks = MaskTable({(1, 4): answer, (1, 5): tracked, (2, 0): beneath})
    prompts = {(1, 4): click(5, 5)}
    assert list(everything_said((1, 2), prompts, masks)) == [
        Said(1, 4, click(5, 5)), Said(1, 4, painted), Said(2, 0, painted)
    ]  # fmt: skip
