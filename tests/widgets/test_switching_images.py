"""From one image to another and back: what was said about each stays with it."""

from __future__ import annotations

import errno
import threading

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Activity
from napari_sam2.io.label_frames import read_labels
from napari_sam2.state.masks import draw_labels
from napari_sam2.widgets.sessions import exporting
from tests.widgets.user import User


@pytest.fixture
def prompted(user_without_window: User) -> User:
    """Return a user who clicked an object in an image."""
    user = user_without_window
    user.open_image(name="cells")
    user.open_dock()
    user.click(1, 20, 30)
    user.wait_mask(1, 1)
    return user


def choose(user: User, name: str) -> None:
    images = user.dock.image_panel.images
    images.setCurrentIndex(images.findText(name))


def test_a_sample_brings_its_prompts_into_its_own_image(prompted: User) -> None:
    first = prompted.session
    said = dict(first.document.prompts)
    prompted.dock.open_sample("bacteria_phase")
    assert prompted.session.image.layer.name == "bacteria_phase"
    assert prompted.dock.image_panel.images.currentText() == "bacteria_phase"
    assert prompted.document.said_about(6)
    prompted.wait_idle()
    assert dict(first.document.prompts) == said
    assert list(first.document.objects) == [1]
    choose(prompted, "cells")
    assert prompted.session is first
    assert prompted.mask(1, 1) is not None


def test_an_image_that_is_opened_beside_the_work_is_said_to_wait(
    prompted: User,
) -> None:
    first = prompted.session
    prompted.open_image((5, 30, 30), name="second")
    assert prompted.session is first
    said = prompted.dock.status_line.message
    assert "goes on with cells. To work on second, choose it under Image" in said
    prompted.viewer.layers.selection.active = first.image.layer
    assert "goes on" not in prompted.dock.status_line.message
    choose(prompted, "second")
    assert prompted.session is not first


def test_a_sample_opened_twice_is_two_images(prompted: User) -> None:
    prompted.dock.open_sample("bacteria_phase")
    first, said = prompted.session, list(prompted.document.objects)
    prompted.dock.open_sample("bacteria_phase")
    assert prompted.session is not first
    assert list(prompted.document.objects) == said
    assert first.document.said_about(said[0]) == prompted.document.said_about(said[0])


def test_back_and_forth_keeps_what_was_said_and_found(prompted: User) -> None:
    first = prompted.session
    prompted.open_image((5, 30, 30), name="second")
    choose(prompted, "second")
    second = prompted.session
    prompted.click(2, 10, 10)
    prompted.wait_mask(1, 2)
    for _ in range(3):
        choose(prompted, "cells")
        assert prompted.session is first
        choose(prompted, "second")
        assert prompted.session is second
    prompted.click(3, 12, 12)
    prompted.wait_mask(1, 3)
    assert set(first.document.prompts) == {(1, 1)}
    assert set(second.document.prompts) == {(1, 2), (1, 3)}
    assert not any(layer.visible for layer in first.layers)
    assert len(prompted.viewer.layers) == 8


def test_one_who_goes_on_at_once_ends_where_one_went(prompted: User) -> None:
    prompted.open_image((5, 30, 30), name="second")
    choose(prompted, "second")
    prompted.click(2, 10, 10)
    prompted.wait_mask(1, 2)
    seen: list = []
    prompted.dock.sessions.changed.connect(seen.append)
    for name in ("cells", "second", "cells"):  # before the window gets to anything
        choose(prompted, name)
    prompted.qtbot.wait(50)
    assert len(seen) == 3
    assert prompted.session.image.layer.name == "cells"
    points = prompted.session.prompts.points
    assert prompted.viewer.layers.selection.active is points


def test_objects_that_nothing_is_said_about_yet_are_there_again(working: User) -> None:
    first, panel = working.session, working.dock.workbench.objects
    for _ in range(3):
        panel.add()
    panel.tree.topLevelItem(1).setText(0, "mother")
    working.session.controller.steps.undo()
    before = dict(working.document.objects)
    working.open_image((5, 30, 30), name="second")
    choose(working, "second")
    assert not working.document.objects
    choose(working, "cells")
    assert working.session is first
    assert dict(working.document.objects) == before
    assert working.dock.workbench.objects.tree.topLevelItemCount() == 3
    working.dock.workbench._redo.click()
    assert working.document.objects[2].name == "mother"


def test_what_was_undone_can_be_done_again_after_another_image(prompted: User) -> None:
    said = dict(prompted.document.prompts)
    while prompted.session.history.undo():
        pass
    prompted.open_image((5, 30, 30), name="second")
    for name in ("second", "cells"):
        choose(prompted, name)
    while prompted.session.history.redo():
        pass
    assert dict(prompted.document.prompts) == said


def test_an_image_that_nothing_was_done_with_leaves_no_layers(working: User) -> None:
    working.open_image((5, 30, 30), name="second")
    choose(working, "second")
    working.wait(lambda: len(working.viewer.layers) == 5)


def test_layers_of_the_same_name_are_told_apart(prompted: User) -> None:
    first = prompted.session
    other = prompted.open_image((4, 20, 20), name="other")
    other.name = "cells"  # napari adds a number, and so does the list
    images = prompted.dock.image_panel.images
    assert [images.itemText(i) for i in range(images.count())] == [
        "cells",
        "cells [1]",
    ]
    images.setCurrentIndex(1)
    assert prompted.session.image.layer is other
    prompted.click(1, 5, 5)
    prompted.wait_mask(1, 1)
    images.setCurrentIndex(0)
    assert prompted.session is first
    prompted.viewer.layers.remove(other)
    assert prompted.session is first
    assert images.count() == 1


def test_renaming_an_image_that_is_not_chosen_renames_it_in_the_list(
    prompted: User,
) -> None:
    first = prompted.session
    other = prompted.open_image((4, 20, 20), name="other")
    other.name = "new name"
    images = prompted.dock.image_panel.images
    assert images.itemText(1) == "new name"
    assert images.currentText() == "cells"
    assert prompted.session is first
    choose(prompted, "new name")
    assert prompted.session.image.layer is other


def test_what_is_being_written_is_written_when_another_image_is_chosen(
    prompted: User, tmp_path, monkeypatch
) -> None:
    is_let_go = threading.Event()

    def drawn_late(*args: object) -> object:
        is_let_go.wait(10)
        return draw_labels(*args)

    monkeypatch.setattr(exporting, "draw_labels", drawn_late)
    prompted.open_image(name="other")
    prompted.dock.workbench.results.save(tmp_path / "labels.tif")
    prompted.wait(lambda: prompted.status.activity is not Activity.IDLE)
    choose(prompted, "other")
    is_let_go.set()
    prompted.wait((tmp_path / "labels.tif").exists)
    assert read_labels(tmp_path / "labels.tif")[1].any()


def test_what_could_not_be_written_is_told_beside_another_image(
    prompted: User, tmp_path, monkeypatch
) -> None:
    is_let_go = threading.Event()

    def full(*_: object) -> object:
        is_let_go.wait(10)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "draw_labels", full)
    prompted.open_image(name="other")
    prompted.dock.workbench.results.save(tmp_path / "labels.tif")
    prompted.wait(lambda: prompted.status.activity is not Activity.IDLE)
    choose(prompted, "other")
    is_let_go.set()
    prompted.wait(lambda: "No space left" in prompted.dock.status_line.message)
    assert not list(tmp_path.iterdir())


def test_doubts_are_looked_for_when_one_comes_back(prompted: User) -> None:
    prompted.open_image(name="other")
    choose(prompted, "other")
    choose(prompted, "cells")
    reviewer = prompted.dock.workbench.review.reviewer
    prompted.wait(lambda: reviewer.is_up_to_date)


def test_the_only_object_that_was_shown_is_so_when_one_comes_back(
    prompted: User,
) -> None:
    first = prompted.session
    objects = prompted.dock.workbench.objects
    objects.add()
    objects.switch_show_only()
    assert first.masks.hidden == {1}
    prompted.open_image(name="other")
    choose(prompted, "other")
    choose(prompted, "cells")
    assert prompted.session is first
    objects = prompted.dock.workbench.objects
    assert first.masks.hidden == {1}
    objects.switch_show_only()
    assert not first.masks.hidden
