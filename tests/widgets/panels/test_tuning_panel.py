"""The model is taught the user's own masks from the dock."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from scipy import ndimage

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.engine.weights import ADAPTERS_VARIABLE, read_card
from napari_sam2.finetuning import adapting, course, work
from napari_sam2.finetuning.lessons import Size
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.masks import FrameMask, Origin
from napari_sam2.widgets.panels.adapter_choices import describe_adapter
from tests.conftest import discs
from tests.widgets.user import User

COURSE = course.TuningOptions
STACK, LABELS = discs(8, (48, 64))
# What its user calls an object, no model can know without being told.
LABELS = np.stack([ndimage.grey_dilation(one, 9) for one in LABELS])


@pytest.fixture(autouse=True)
def adapters(tmp_path, monkeypatch):
    """Keep adapters apart, and let courses end after a few seconds."""
    order = adapting.TuningOrder
    monkeypatch.setattr(
        adapting, "TuningOrder", lambda **given: order(**{**given, "image_size": 64})
    )
    monkeypatch.setenv(ADAPTERS_VARIABLE, str(tmp_path / "adapters"))
    set_course(monkeypatch, steps=8)
    return tmp_path / "adapters"


def set_course(monkeypatch, **changes):
    short = partial(COURSE, every=8, rate=1e-3, variants=2, size=Size(3, 2))
    monkeypatch.setattr(
        course, "TuningOptions", lambda **given: short(**{**given, **changes})
    )


@pytest.fixture
def painter(user_without_window: User) -> User:
    """Return a user who painted two objects on every frame."""
    return paint(user_without_window, range(8))


def paint(user: User, frames) -> User:
    user.viewer.add_image(STACK, name="cells: 1")
    user.open_dock()
    masks = {
        (i, t): FrameMask(pack_mask(LABELS[t] == i), Origin.PAINTED, 1.0, 1.0)
        for i in (1, 2)
        for t in frames
    }
    objects = {i: TrackedObject(i, str(i)) for i in (1, 2)}
    user.document.apply(Edit("Paint", objects=objects, masks=masks))
    return user


def wait_for_note(user: User, words: str) -> None:
    """Wait as long as learning takes on a busy machine."""
    user.qtbot.waitUntil(lambda: words in panel(user).note, timeout=120_000)


def panel(user: User):
    return user.dock.workbench.tuning


def test_an_adapter_is_made_and_chosen(painter: User, adapters) -> None:
    panel(painter).start_button.click()
    assert not panel(painter).start_button.isEnabled()
    wait_for_note(painter, "rose from")
    path = adapters / "cells_ 1.adapter.safetensors"
    assert panel(painter).note.endswith("It is the chosen model now.")
    made = painter.factory.made
    painter.wait(lambda: made[-1].request.model == str(path))
    painter.wait_idle()
    assert read_card(path).lessons[0].name == "cells: 1"
    assert painter.dock.settings.model == str(path)
    assert painter.dock.model_panel.model.value == str(path)
    assert panel(painter).start_button.isEnabled()
    assert describe_adapter(str(path)).startswith("nano, fine-tuned on cells: 1: J 0.")


@pytest.mark.parametrize("corrects", [True, False])
def test_it_learns_from_frames_as_bright_as_the_model_sees_them(
    painter: User, monkeypatch, corrects
) -> None:
    taken = []
    monkeypatch.setattr(work, "truth_of_work", lambda one: taken.append(one) or [])
    painter.dock.settings.corrects_bleaching = corrects
    panel(painter).start_button.click()
    wait_for_note(painter, "Nothing was learnt.")
    assert [one.corrects_bleaching for one in taken] == [corrects]


def test_it_says_how_it_goes(painter: User) -> None:
    said: list[str] = []
    panel(painter).tuner.reported.connect(lambda _: said.append(panel(painter).note))
    panel(painter).start_button.click()
    wait_for_note(painter, "rose from")
    assert any("Learning: J 0." in one and "min left" in one for one in said)


def test_stopped_it_keeps_the_best_so_far(painter: User, adapters, monkeypatch) -> None:
    set_course(monkeypatch, steps=1000)
    better: list[float] = []

    def look(report) -> None:
        if report.best is not None and report.best > report.before:
            better.append(report.best)

    panel(painter).tuner.reported.connect(look)
    panel(painter).start_button.click()
    painter.qtbot.waitUntil(lambda: bool(better), timeout=120_000)
    panel(painter).stop_button.click()
    wait_for_note(painter, "it was stopped")
    assert len(list(adapters.iterdir())) == 1


def test_too_few_masks_are_told(user_without_window: User, adapters) -> None:
    user = paint(user_without_window, [0])
    panel(user).start_button.click()
    wait_for_note(user, "Nothing was learnt.")
    assert "Only 1 frame has masks" in user.dock.status_line.message
    assert not list(adapters.iterdir())


def test_an_adapter_does_not_replace_another(painter: User, adapters) -> None:
    adapters.mkdir()
    (adapters / "cells_ 1.adapter.safetensors").write_text("precious")
    panel(painter).start_button.click()
    wait_for_note(painter, "rose from")
    assert (adapters / "cells_ 1 2.adapter.safetensors").is_file()
    assert (adapters / "cells_ 1.adapter.safetensors").read_text() == "precious"


def test_closing_the_dock_ends_it(painter: User, monkeypatch) -> None:
    set_course(monkeypatch, steps=1000)
    said: list[object] = []
    panel(painter).tuner.reported.connect(said.append)
    panel(painter).start_button.click()
    painter.qtbot.waitUntil(lambda: len(said) > 3, timeout=120_000)
    painter.dock.shut_down()
