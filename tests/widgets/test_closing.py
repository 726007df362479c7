"""Whatever is closed or deleted, and whatever is going on: nothing is left behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.project import find_recoverable
from napari_sam2.widgets.dock import Sam2Dock
from tests.widgets.held import STATES, bring_to, let_go
from tests.widgets.user import User, lane_threads

in_every_state = pytest.mark.parametrize("state", STATES)


@in_every_state
def test_closing_the_dock_leaves_the_masks_and_no_thread(
    user_without_window: User, state: str
) -> None:
    user = user_without_window
    bring_to(user, state)
    user.dock.deleteLater()
    user.wait(lambda: not lane_threads())
    user.wait(lambda: names(user) == ["cells", "cells objects"])
    user.viewer.dims.set_current_step(0, 7)
    user.viewer.layers.clear()


@in_every_state
def test_the_cross_of_the_dock_ends_the_work_and_leaves_the_masks(
    user: User, state: str
) -> None:
    bring_to(user, state)
    press_cross(user)
    user.wait(lambda: not lane_threads())
    user.wait(lambda: names(user) == ["cells", "cells objects"])
    assert Sam2Dock.all_in(user.viewer) == []


def test_the_dock_can_be_opened_again_after_the_cross(user: User) -> None:
    bring_to(user, "idle")
    press_cross(user)
    user.wait(lambda: not lane_threads())
    user.open_dock()
    assert user.session.image.layer.name == "cells"
    user.click(1, 5, 5)
    user.wait_mask(1, 1)


def test_a_dock_that_is_taken_from_one_place_to_another_goes_on(user: User) -> None:
    bring_to(user, "idle")
    window = user.viewer.window
    window.remove_dock_widget(user.dock)
    window.add_dock_widget(user.dock, name="SAM 2", area="left")
    user.qtbot.wait(50)
    assert Sam2Dock.all_in(user.viewer) == [user.dock]
    user.click(2, 5, 5)
    user.wait_mask(1, 2)


@pytest.mark.parametrize("is_changed", [False, True])
def test_an_image_that_was_deleted_is_not_kept_in_memory(
    working: User, is_changed: bool
) -> None:
    image = working.session.image.layer
    seen = weakref.ref(image)
    if is_changed:
        watch = working.dock.image_panel._contrast
        with working.qtbot.waitSignal(watch.settled):
            image.contrast_limits = 0, 50
        working.wait_idle()
    working.viewer.layers.remove(image)
    working.wait_idle()
    working.factory.made.clear()
    del image
    working.wait(lambda: gc.collect() >= 0 and seen() is None)


@in_every_state
def test_closing_the_viewer_leaves_no_thread(user: User, state: str) -> None:
    bring_to(user, state)
    user.viewer.close()
    user.wait(lambda: not lane_threads())
    user.dock = None


@in_every_state
def test_deleting_the_image_takes_what_belongs_to_it(
    user_without_window: User, state: str
) -> None:
    user = user_without_window
    bring_to(user, state)
    user.viewer.layers.remove("cells")
    assert user.session is None
    user.wait(lambda: names(user) == ["cells objects"])
    can_begin_anew(user)


def test_a_layer_of_a_deleted_image_does_not_bring_its_work_back(
    user_without_window: User,
) -> None:
    user = user_without_window
    bring_to(user, "running")
    masks = user.session.masks.layer
    user.viewer.layers.remove("cells")
    user.viewer.layers.selection.active = None
    user.viewer.layers.selection.active = masks
    assert user.session is None
    user.wait(lambda: names(user) == ["cells objects"])


def test_layers_without_use_go_at_once(user_without_window: User) -> None:
    user = user_without_window
    bring_to(user, "idle")
    layers = user.viewer.layers
    if not hasattr(layers, "batched_update"):
        pytest.skip("this napari takes layers out one by one")
    heard: list[str] = []
    for name in ("begin_batch", "removed", "end_batch"):
        event = getattr(layers.events, name)
        event.connect(lambda _, name=name: heard.append(name))
    layers.remove("cells")
    user.wait(lambda: names(user) == ["cells objects"])
    assert heard == ["removed", "begin_batch", "removed", "removed", "end_batch"]


@in_every_state
@pytest.mark.parametrize("delete", ["clear", "remove selected"])
def test_deleting_all_layers_leaves_none(
    user_without_window: User, state: str, delete: str
) -> None:
    user = user_without_window
    bring_to(user, state)
    layers = user.viewer.layers
    if delete == "clear":
        layers.clear()
    else:
        layers.select_all()
        layers.remove_selected()
    user.qtbot.wait(50)
    assert not list(layers)
    can_begin_anew(user)


@pytest.mark.parametrize("is_first", [True, False])
def test_work_on_an_image_that_goes_with_all_layers_is_kept(
    user_without_window: User, is_first: bool
) -> None:
    user = user_without_window
    bring_to(user, "idle")
    covered = user.document.frames_covered(1)
    layers = list(user.viewer.layers)
    for layer in layers if is_first else reversed(layers):
        user.viewer.layers.remove(layer)
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    (found,) = find_recoverable()
    assert len(found.read().contents.masks) == covered
    assert len(found.read().contents.prompts) == 2


@pytest.mark.parametrize("is_first", [True, False])
def test_no_layer_comes_back_whatever_went_before_the_image(
    user_without_window: User, is_first: bool
) -> None:
    user = user_without_window
    bring_to(user, "idle")
    session, layers = user.session, user.viewer.layers
    session._repainter.add({0})
    for layer in list(layers) if is_first else [*layers][::-1]:
        layers.remove(layer)
    user.qtbot.wait(100)
    assert not list(layers)


def test_the_last_word_about_an_image_goes_with_it(user_without_window: User) -> None:
    user = user_without_window
    bring_to(user, "idle")
    user.dock.workbench.track.run()
    user.wait(lambda: "10 frames are done" in user.dock.status_line.message)
    user.viewer.layers.remove("cells")
    user.wait(lambda: user.dock.status_line.message == "Ready.")


LAYERS: dict[str, Callable[[User], object]] = {
    "masks": lambda user: user.session.masks.layer,
    "boxes": lambda user: user.session.prompts.boxes,
    "points": lambda user: user.session.prompts.points,
}


@in_every_state
@pytest.mark.parametrize("which", LAYERS)
def test_work_goes_on_after_a_layer_of_ours_is_deleted(
    user_without_window: User, state: str, which: str
) -> None:
    user = user_without_window
    bring_to(user, state)
    user.viewer.layers.remove(LAYERS[which](user))
    let_go(user)
    user.wait_idle()
    user.dock.workbench.prompts.add_points()
    user.click(4, 20, 30)
    user.wait_mask(1, 4)
    user.wait(lambda: user.session.masks.layer in user.viewer.layers)
    assert user.session.prompts.points in user.viewer.layers
    assert user.viewer.layers.selection.active is user.session.prompts.points


def test_masks_deleted_with_their_layer_come_back_with_undo(
    user_without_window: User,
) -> None:
    user = user_without_window
    bring_to(user, "idle")
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(1) == 10)
    masks, points = user.session.masks.layer, user.session.prompts.points
    user.viewer.layers.remove(masks)
    user.wait(lambda: not len(user.document.masks))
    assert user.session.history.undo_label == "Delete all masks"
    user.qtbot.wait(100)
    assert masks not in user.viewer.layers
    user.session.history.undo()
    user.wait(lambda: masks in user.viewer.layers)
    assert user.document.frames_covered(1) == 10
    assert user.shown(5).any()
    layers = list(user.viewer.layers)
    assert layers.index(masks) < layers.index(points)


def test_prompts_that_cannot_be_withdrawn_are_seen_again(
    user_without_window: User,
) -> None:
    user = user_without_window
    bring_to(user, "idle")
    user.dock.workbench.review.toggle_lock()
    points, said = user.session.prompts.points, dict(user.document.prompts)
    user.viewer.layers.remove(points)
    user.wait(lambda: points in user.viewer.layers)
    assert dict(user.document.prompts) == said


def test_masks_deleted_in_a_run_are_not_half_there_again(
    user_without_window: User,
) -> None:
    user = user_without_window
    bring_to(user, "running")
    user.wait(lambda: user.document.frames_covered(1) > 1)
    user.viewer.layers.remove(user.session.masks.layer)
    let_go(user)
    user.wait_idle()
    assert not len(user.document.masks)
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(1) == 10)


def press_cross(user: User) -> None:
    """Close the dock as users do; napari keeps what is in it, without a parent."""
    user.frame.title.close_button.click()
    user.dock = None


def names(user: User) -> list[str]:
    return [layer.name for layer in user.viewer.layers]


def can_begin_anew(user: User) -> None:
    let_go(user)
    user.open_image(name="others")
    assert user.session is not None
    user.click(1, 5, 5)
    user.wait_mask(1, 1)
    user.wait_idle()
