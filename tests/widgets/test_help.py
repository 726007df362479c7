"""Help is there at the first run, tells the truth about keys, and opens samples."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.io.samples import sample_names
from napari_sam2.widgets.dock import Sam2Dock
from napari_sam2.widgets.panels.help_panel import TAKEN
from napari_sam2.widgets.sessions.shortcuts import SHORTCUTS
from tests.widgets.user import User


def is_hint_shown(dock: Sam2Dock) -> bool:
    return dock.help_panel.first_steps.isVisibleTo(dock)


def listed(dock: Sam2Dock) -> dict[str, str]:
    """What the list of keys says, by key."""
    purposes = dock.help_panel._purposes
    return {one.shown: label.text() for one, label in purposes.items()}


def test_the_first_steps_are_shown_once_and_can_be_brought_back(
    user_without_window: User,
) -> None:
    user = user_without_window
    dock = user.open_dock()
    assert is_hint_shown(dock)
    dock.shut_down()
    again = user.open_dock()
    assert not is_hint_shown(again)
    again.help_panel.steps_switch.click()
    assert is_hint_shown(again)
    again.help_panel.steps_switch.click()
    assert not is_hint_shown(again)


def test_a_configuration_that_cannot_be_written_stops_nobody(
    user_without_window: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAPARI_SAM2_CONFIG", str(tmp_path / "file" / "config"))
    user = user_without_window
    user.open_image()
    dock = user.open_dock()
    assert is_hint_shown(dock)
    dock.settings_form.fields["cache_mib"].value = 64
    assert dock.settings.cache_mib == 64
    assert not dock.status_line.problems.sentences
    user.click(1, 20, 30)
    user.wait_mask(1, 1)


def test_every_key_of_the_list_is_bound_while_an_image_is_worked_on(
    user_without_window: User,
) -> None:
    user = user_without_window
    before = set(user.viewer.keymap)
    user.open_image()
    dock = user.open_dock()
    assert listed(dock) == {one.shown: one.purpose for one in SHORTCUTS}
    assert len(set(user.viewer.keymap) - before) == len(SHORTCUTS)
    dock.shut_down()
    assert set(user.viewer.keymap) == before


def test_a_key_of_somebody_else_stays_theirs_and_the_list_says_so(
    user_without_window: User,
) -> None:
    user = user_without_window

    def theirs(viewer) -> None:
        """Do what another plugin does."""

    user.viewer.bind_key("G", theirs)
    user.open_image()
    dock = user.open_dock()
    assert theirs in user.viewer.keymap.values()
    assert listed(dock)["G"] == TAKEN
    assert listed(dock)["N"] == "start another object"
    dock.shut_down()
    assert theirs in user.viewer.keymap.values()


@pytest.mark.parametrize("name", sample_names())
def test_a_sample_is_ready_to_be_propagated(
    user_without_window: User, name: str
) -> None:
    if name == "bigbuckbunny":
        pytest.importorskip("av", reason="the film needs PyAV")
    user = user_without_window
    dock = user.open_dock()
    dock.help_panel.sample_asked.emit(name)
    user.wait_idle()
    said = {i: user.document.said_about(i) for i in user.document.objects}
    assert all(said.values())
    assert user.session.position.frame == min(min(frames) for frames in said.values())
    object_id = next(iter(said))
    before = user.document.frames_covered(object_id)
    assert dock.workbench.track.run_button.isEnabled()
    dock.workbench.track.run_button.click()
    user.wait(lambda: user.document.frames_covered(object_id) > before + 1)
    user.session.controller.stop()
    user.wait_idle()
