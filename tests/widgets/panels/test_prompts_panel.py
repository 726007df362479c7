"""What the tools of the section on prompts do for the user."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Origin
from napari_sam2.widgets.controls.controls import pick
from napari_sam2.widgets.panels.labels_form import LabelsForm
from tests.widgets.user import SHAPE, User

STACK = np.zeros(SHAPE, np.uint8)
STACK[2, 5:9, 5:9] = 4
STACK[6, 5:9, 15:19] = 7
STACK[7, 5:9, 15:19] = 7


@pytest.fixture
def labels_form(working: User) -> LabelsForm:
    """Return the form for labels, opened as users open it."""
    working.viewer.add_labels(STACK, name="cellpose")
    panel = working.dock.workbench.prompts
    panel._labels.click()
    assert panel.labels_form.isVisibleTo(panel)
    return panel.labels_form


def start(user: User, form: LabelsForm, **choices) -> None:
    for name, value in choices.items():
        assert pick(getattr(form, name), value)
    form._start.click()
    user.wait_idle()


def tool_in_use(user: User) -> str:
    (pressed,) = [
        one.text() for one in user.dock.workbench.prompts._tools.buttons()
        if one.isChecked()
    ] or [""]  # fmt: skip
    return pressed


def press_tool(user: User, text: str) -> None:
    for one in user.dock.workbench.prompts._tools.buttons():
        if one.text() == text:
            one.click()


def test_a_new_object_is_begun_with_points_whatever_layer_is_active(working) -> None:
    working.viewer.layers.selection.active = working.session.image.layer
    assert tool_in_use(working) == ""
    working.dock.workbench.objects.new_button.click()
    assert tool_in_use(working) == "+ Point"
    assert working.viewer.layers.selection.active == working.session.prompts.points


@pytest.mark.parametrize("tool", ["Box", "Brush"])
def test_a_new_object_is_begun_with_the_tool_of_the_last(working, tool) -> None:
    press_tool(working, tool)
    working.viewer.layers.selection.active = working.session.image.layer
    working.dock.workbench.objects.new_button.click()
    assert tool_in_use(working) == tool


@pytest.mark.parametrize("tool", ["Eraser", "− Point", "Pick"])
def test_a_new_object_is_not_begun_with_a_tool_that_only_takes_away(working, tool):
    press_tool(working, tool)
    working.dock.workbench.objects.new_button.click()
    assert tool_in_use(working) == "+ Point"


def test_labels_that_were_used_do_not_cover_what_came_of_them(
    working, labels_form
) -> None:
    layer = labels_form.layers.currentData()
    start(working, labels_form, frames="all")
    assert not layer.visible
    assert "cellpose is hidden" in working.dock.status_line.message
    assert tool_in_use(working) == "+ Point"
    working.viewer.layers.selection.active = layer
    layer.visible = True
    labels_form.ids.setText("99")
    start(working, labels_form)
    assert layer.visible


def test_labels_become_painted_masks(working: User, labels_form: LabelsForm) -> None:
    start(working, labels_form, frames="all")
    assert set(working.document.objects) == {4, 7}
    for place in ((4, 2), (7, 6), (7, 7)):
        assert working.mask(*place).origin is Origin.PAINTED
    working.session.history.undo()
    assert not working.document.objects


def test_chosen_labels_become_boxes_on_their_first_frame(working, labels_form) -> None:
    labels_form.ids.setText("5-9")
    start(working, labels_form, frames="first", forms="boxes")
    assert working.document.prompts == {
        (7, 6): FramePrompts(box_yxyx=(4.5, 14.5, 8.5, 18.5))
    }
    working.wait_mask(7, 6)


def test_labels_of_every_few_frames_become_points(working, labels_form) -> None:
    labels_form.step.setValue(3)
    start(working, labels_form, frames="some", forms="points")
    assert set(working.document.prompts) == {(7, 6)}


def test_a_single_picture_of_labels_is_for_the_displayed_frame(working: User) -> None:
    working.session.position.go_to(8)
    flat = working.viewer.add_labels(STACK[2], name="flat")
    working.session.position.go_to(8)
    form = working.dock.workbench.prompts.labels_form
    start(working, form, layers=flat, frames="all")
    assert set(working.document.said_about(4)) == {8}


@pytest.mark.parametrize(("text", "words"), [("x", "1-20, 35"), ("99", "no such")])
def test_labels_that_are_not_there_are_explained(working, labels_form, text, words):
    labels_form.ids.setText(text)
    start(working, labels_form)
    assert words in working.dock.status_line.message
    assert not working.document.objects


def test_labels_of_another_image_are_explained(working: User) -> None:
    other = working.viewer.add_labels(np.zeros((3, 5, 5), np.uint8), name="other")
    start(working, working.dock.workbench.prompts.labels_form, layers=other)
    assert "choose labels of this image" in working.dock.status_line.message


def test_the_form_lists_the_labels_layers_that_there_are(working: User) -> None:
    form = working.dock.workbench.prompts.labels_form
    assert form.layers.count() == 0
    layer = working.viewer.add_labels(STACK)
    assert form.layers.currentData() == layer
    working.viewer.layers.remove(layer)
    assert form.layers.count() == 0
    form.start()
    assert "no other labels layer" in working.dock.status_line.message


def test_the_hint_says_what_a_click_is_with_the_tool_in_use(working: User) -> None:
    hint = working.dock.workbench.prompts._hint
    press_tool(working, "+ Point")
    assert "right click adds a point that is not the object" in hint.text()
    press_tool(working, "Box")
    assert "Drag a box; a right click is “not the object”" in hint.text()
