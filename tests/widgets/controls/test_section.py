"""How the dock makes room for the work."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.widgets.controls.section import Section
from tests.widgets.user import User


def _part(user: User, name: str) -> Section:
    (found,) = [
        one
        for one in user.dock.findChildren(Section)
        if one.header.text().replace("&", "") == name
    ]
    return found


def test_image_and_model_fold_to_a_line_with_the_first_prompt(working: User) -> None:
    parts = [_part(working, name) for name in ("Image", "Model")]
    assert all(one.is_open for one in parts)
    working.click(3, 20, 30)
    assert not any(one.is_open for one in parts)
    assert all(one.summary for one in parts)


def test_a_part_that_the_user_opened_stays_open(working: User) -> None:
    working.click(3, 20, 30)
    image = _part(working, "Image")
    image.header.click()
    working.click(3, 10, 10)
    assert image.is_open


def test_the_list_of_objects_grows_with_them_up_to_a_point(working: User) -> None:
    objects = working.dock.workbench.objects
    heights = []
    for _ in range(12):
        objects.add()
        working.qtbot.wait(20)
        heights.append(objects.tree.height())
    assert heights[0] < heights[5] < heights[-1]
    assert heights[-1] == heights[-2]
