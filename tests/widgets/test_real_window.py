"""The bundled model in the real window, driven by a real mouse and keyboard."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import napari

from napari_sam2.io.label_frames import read_labels
from napari_sam2.state import Origin
from napari_sam2.widgets.dock import Sam2Dock
from tests.widgets.hands import NO_HANDS, Hands
from tests.widgets.truth import FIRST, Truth, nuclei, overlap
from tests.widgets.user import lane_threads

pytestmark = pytest.mark.skipif(bool(NO_HANDS), reason=NO_HANDS or "")

PROMPTED = 23 - FIRST


@pytest.fixture(scope="module")
def window(qapp, tmp_path_factory):
    """Open one window for all these tests; they leave it empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAPARI_SAM2_CONFIG", str(tmp_path_factory.mktemp("config")))
        yield from open_window()


def open_window():
    viewer = napari.Viewer(show=True)
    dock = Sam2Dock(viewer)
    viewer.window.add_dock_widget(dock, name="SAM 2", area="right")
    viewer.window.resize(1300, 950)
    hands = Hands(viewer, dock)
    hands.rest(0.3)
    hands.put_first_steps_away()
    yield hands
    dock.shut_down()
    viewer.close()
    assert not lane_threads()


@pytest.fixture
def hands(window: Hands):
    """Return a mouse and keyboard at a few slices of nuclei, and leave no layer."""
    open_stack(window, nuclei().stack)
    yield window
    window.viewer.layers.clear()
    window.rest(0.1)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return nuclei()


def open_stack(hands: Hands, stack: np.ndarray) -> None:
    hands.viewer.add_image(stack, scale=(1, 0.5, 0.5), translate=(0, 7, 3))
    hands.wait(lambda: "ready" in hands.dock.status_line.message)
    hands.session.position.go_to(PROMPTED)
    hands.viewer.reset_view()
    hands.rest(0.3)


def draw_box(hands: Hands, truth: Truth, value: int) -> None:
    """Drag a box around a nucleus, and wait for its mask."""
    before = len(hands.document.masks)
    y0, x0, y1, x1 = truth.box(value, PROMPTED)
    hands.drag([(y0, x0), (y1, x1)])
    hands.wait(lambda: len(hands.document.masks) > before)
    hands.wait_idle()


def shown(hands: Hands, frame: int, object_id: int) -> np.ndarray:
    """Return an object's mask as the labels layer has it."""
    hands.session.masks.apply()
    return np.asarray(hands.session.masks.layer.data[frame]) == object_id


def test_from_boxes_to_a_corrected_stack(hands: Hands, truth: Truth) -> None:
    hands.press_button("Box")
    draw_box(hands, truth, 8)
    hands.press("n")
    draw_box(hands, truth, 9)
    assert overlap(shown(hands, PROMPTED, 1), truth.mask(8, PROMPTED)) > 0.75
    assert overlap(shown(hands, PROMPTED, 2), truth.mask(9, PROMPTED)) > 0.7

    hands.press("g")
    hands.wait(lambda: hands.document.frames_covered(2) == truth.frame_count)
    hands.wait_idle()
    for frame in range(truth.frame_count):
        assert overlap(shown(hands, frame, 1), truth.mask(8, frame)) > 0.75
        assert overlap(shown(hands, frame, 2), truth.mask(9, frame)) > 0.65

    hands.move_to(hands.spot_in_strip(2, 1))
    hands.do("click", 1)
    assert hands.session.position.frame == 1
    assert hands.document.selected == 2
    before = shown(hands, 1, 2)
    hands.press_button("+ Point")
    hands.click(*truth.deepest(truth.mask(9, 1) & ~before))
    hands.wait(lambda: (2, 1) in hands.document.prompts)
    hands.wait_idle()
    true = truth.mask(9, 1)
    assert overlap(shown(hands, 1, 2), true) > overlap(before, true)

    hands.press("ctrl+z")
    np.testing.assert_array_equal(shown(hands, 1, 2), before)
    hands.press("ctrl+shift+z")
    assert overlap(shown(hands, 1, 2), true) > overlap(before, true)


def test_the_right_button_says_not_here_and_can_be_undone(
    hands: Hands, truth: Truth
) -> None:
    hands.press_button("+ Point")
    inside = truth.deepest(truth.mask(8, PROMPTED))
    hands.click(*inside)
    hands.wait(lambda: hands.document.masks.get((1, PROMPTED)))
    assert shown(hands, PROMPTED, 1)[tuple(map(round, inside))]
    outside = truth.deepest(truth.labels[PROMPTED] == 0)
    hands.click(*outside, button=3)
    hands.wait(lambda: hands.document.prompts[1, PROMPTED].positive == (True, False))
    hands.wait_idle()
    assert not shown(hands, PROMPTED, 1)[tuple(map(round, outside))]
    np.testing.assert_allclose(
        hands.document.prompts[1, PROMPTED].points_yx, [inside, outside], atol=0.5
    )
    hands.press("ctrl+z")
    assert hands.document.prompts[1, PROMPTED].positive == (True,)
    hands.press("ctrl+z")
    assert not hands.document.prompts
    hands.press("ctrl+shift+z")
    assert hands.document.prompts[1, PROMPTED].positive == (True,)


def test_a_click_with_the_box_tool_leaves_the_box(hands: Hands, truth: Truth) -> None:
    hands.press_button("Box")
    draw_box(hands, truth, 8)
    before = hands.document.prompts[1, PROMPTED]
    outside = truth.deepest(truth.labels[PROMPTED] == 0)
    hands.click(*outside, button=3)
    hands.wait(lambda: hands.document.prompts[1, PROMPTED].positive == (False,))
    hands.wait_idle()
    assert hands.document.prompts[1, PROMPTED].box_yxyx == before.box_yxyx
    assert overlap(shown(hands, PROMPTED, 1), truth.mask(8, PROMPTED)) > 0.7
    hands.click(*truth.deepest(truth.mask(8, PROMPTED)))
    hands.wait(lambda: hands.document.prompts[1, PROMPTED].positive == (False, True))
    hands.wait_idle()
    assert hands.document.prompts[1, PROMPTED].box_yxyx == before.box_yxyx
    assert overlap(shown(hands, PROMPTED, 1), truth.mask(8, PROMPTED)) > 0.7


def test_a_painted_mask_is_followed_and_kept(hands: Hands, truth: Truth) -> None:
    hands.press_button("New")
    hands.press_button("Brush")
    hands.session.masks.layer.brush_size = 16
    y, x = truth.deepest(truth.mask(8, PROMPTED))
    hands.drag([(y - 8, x - 8), (y - 8, x + 8), (y + 8, x - 8), (y + 8, x + 8)])
    hands.wait(lambda: hands.document.masks.get((1, PROMPTED)))
    painted = shown(hands, PROMPTED, 1)
    assert painted[round(y) - 8, round(x) - 8]
    assert overlap(painted, truth.mask(8, PROMPTED)) > 0.4
    hands.press_button("Propagate")
    hands.wait(lambda: hands.document.frames_covered(1) == truth.frame_count)
    hands.wait_idle()
    mask = hands.document.masks.get((1, PROMPTED))
    assert mask.origin is Origin.PAINTED
    np.testing.assert_array_equal(shown(hands, PROMPTED, 1), painted)


def test_the_window_is_used_during_a_run_and_esc_stops_it(window: Hands) -> None:
    truth = nuclei(first=0, last=31)
    hands = window
    open_stack(hands, truth.stack)
    try:
        hands.session.position.go_to(23)
        hands.press_button("Box")
        y0, x0, y1, x1 = truth.box(8, 23)
        hands.drag([(y0, x0), (y1, x1)])
        hands.wait(lambda: hands.document.masks.get((1, 23)))
        hands.wait_idle()
        hands.press("g")
        hands.wait(lambda: hands.document.frames_covered(1) >= 3)
        hands.move_to(hands.spot_in_strip(1, 5))
        hands.do("mousedown", 1)
        hands.move_to(hands.spot_in_strip(1, 24))
        hands.do("mouseup", 1)
        assert hands.session.position.frame == 24
        assert hands.session.controller.status.is_busy
        hands.press("Escape")
        hands.wait_idle()
        done = hands.document.frames_covered(1)
        assert 3 <= done < truth.frame_count
        hands.rest(0.3)
        assert hands.document.frames_covered(1) == done
        assert shown(hands, 24, 1).any()
    finally:
        hands.viewer.layers.clear()


def test_doubtful_masks_are_visited_and_accepted_by_key(
    hands: Hands, truth: Truth
) -> None:
    hands.press_button("Box")
    draw_box(hands, truth, 9)
    hands.press("g")
    hands.wait(lambda: hands.document.frames_covered(1) == truth.frame_count)
    hands.wait_idle()
    hands.session.controller.settings.thresholds = strict(hands)
    hands.rest(0.2)
    hands.press("j")
    first = hands.session.position.frame
    assert not hands.document.masks.get((1, first)).is_reviewed
    hands.press("k")
    assert hands.document.masks.get((1, first)).is_reviewed
    second = hands.session.position.frame
    assert second != first
    hands.press("w")
    assert hands.document.masks.get((1, second)).mask.is_absent
    assert not shown(hands, second, 1).any()


def strict(hands: Hands):
    """Return limits by which every mask is doubtful."""
    return replace(hands.session.controller.settings.thresholds, predicted_iou=1.0)


def test_labels_and_table_are_saved(hands: Hands, truth: Truth, tmp_path: Path) -> None:
    hands.press_button("Box")
    draw_box(hands, truth, 8)
    hands.press("g")
    hands.wait(lambda: hands.document.frames_covered(1) == truth.frame_count)
    hands.wait_idle()
    form = hands.dock.workbench.results.form
    hands.click_widget(form.path.native)
    hands.press("ctrl+a")
    hands.write(tmp_path / "labels.tif")
    hands.press_button("Save file", within=hands.dock.workbench.results)
    hands.wait((tmp_path / "labels.tif").exists)
    hands.wait_idle()
    hands.click_widget(form.kind.native)
    for _ in range(form.kind.choices.index("csv")):
        hands.press("Down")
    hands.press("Return")
    assert form.kind.value == "csv"
    hands.click_widget(form.path.native)
    hands.press("ctrl+a")
    hands.write(tmp_path / "objects.csv")
    hands.press_button("Save file", within=hands.dock.workbench.results)
    hands.wait((tmp_path / "objects.csv").exists)
    hands.wait_idle()
    labels = read_labels(tmp_path / "labels.tif")
    for frame in range(truth.frame_count):
        assert overlap(labels[frame] == 1, truth.mask(8, frame)) > 0.75
    with (tmp_path / "objects.csv").open(newline="", encoding="utf-8") as file:
        rows = {int(row["frame"]): row for row in csv.DictReader(file)}
    assert sorted(rows) == list(range(truth.frame_count))
    for frame, row in rows.items():
        assert float(row["area"]) == np.count_nonzero(labels[frame] == 1)


def test_a_sample_opens_from_the_menu_ready_to_propagate(window: Hands) -> None:
    hands = window
    try:
        hands.choose_from_menu("Open sample", "nuclei")
        hands.wait(lambda: hands.dock.sessions.current is not None)
        hands.wait(lambda: len(hands.document.objects) == 6)
        hands.wait(lambda: len(hands.document.masks) == 6)
        hands.wait_idle()
        assert hands.session.position.frame == 16
    finally:
        hands.viewer.layers.clear()
