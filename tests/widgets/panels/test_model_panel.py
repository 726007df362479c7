"""Models are chosen, fetched and loaded without waiting, and refusals are explained."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Downloads, InlineLane
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import DownloadError
from napari_sam2.engine.device import Device
from napari_sam2.engine.weights import CHECKPOINTS
from napari_sam2.io.preferences import read_preferences
from napari_sam2.state import Settings
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.remembering import Memory
from napari_sam2.widgets.panels.model_panel import ModelPanel
from tests.control.manual_lane import ManualLane
from tests.widgets.user import User

TINY = CHECKPOINTS[0].name


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    return tmp_path


class Bench:
    """A panel, and what it works on."""

    def __init__(self, qtbot, lane, fetch=None, **choices) -> None:
        self.settings = Settings(**choices)
        self.links = Links()
        self.downloads = Downloads(lane, fetch)
        self.panel = ModelPanel(self.settings, self.downloads, ManualLane(), self.links)
        qtbot.addWidget(self.panel)

    def is_shown(self, widget) -> bool:
        return widget.isVisibleTo(self.panel)


def names(combo) -> list[str]:
    return [str(choice) for choice in combo.choices]


def texts(combo) -> list[str]:
    native = combo.native
    return [native.itemText(i) for i in range(native.count())]


def test_every_size_is_offered_with_its_download_size(qtbot) -> None:
    panel = Bench(qtbot, InlineLane()).panel
    assert names(panel.model) == ["nano", *(one.name for one in CHECKPOINTS)]
    assert texts(panel.model)[:2] == [
        "nano (bundled)", "sam2.1-tiny (156 MB ↓)"
    ]  # fmt: skip


def test_what_computes_is_said_in_words_before_it_was_looked_for(qtbot) -> None:
    panel = Bench(qtbot, InlineLane(), device="cpu").panel
    assert texts(panel.device) == ["automatic", "processor (CPU)"]
    panel = Bench(qtbot, InlineLane(), device="cuda").panel
    assert texts(panel.device) == ["automatic", "processor (CPU)", "cuda"]


def test_a_model_that_is_not_here_is_fetched_and_then_used(qtbot) -> None:
    error: list[Exception] = [DownloadError("The server cannot be reached.")]

    def fetch(name, token):
        yield Progress(1, 2, "bytes")
        if error:
            raise error.pop()
        return name

    bench = Bench(qtbot, InlineLane(), fetch)
    panel, settings = bench.panel, bench.settings
    panel.model.value = TINY
    assert settings.model == "nano"
    assert "Not on this machine" in panel._note.text()
    panel.download_button.click()
    assert "cannot be reached" in bench.downloads.status.message
    assert settings.model == "nano"
    assert bench.is_shown(panel.download_button)
    panel.download_button.click()
    assert settings.model == TINY


def test_the_manifest_of_an_exported_model_means_its_folder(qtbot, tmp_path) -> None:
    def fetch(name, token):
        yield Progress(0, 0, "looking")
        return name

    bench = Bench(qtbot, InlineLane(), fetch)
    bench.panel.use_file(str(tmp_path / "tiny512" / "manifest.json"))
    assert bench.settings.model == str(tmp_path / "tiny512")
    assert bench.panel.model.current_choice == "tiny512 (your file)"


def test_a_download_shows_how_much_came_and_can_be_cancelled(qtbot) -> None:
    def fetch(name, token):
        for done in range(0, 156_000_000, 12_000_000):
            if token.is_cancelled:
                return None
            yield Progress(done, 156_000_000, "downloading")
        return name

    lane = ManualLane()
    bench = Bench(qtbot, lane, fetch)
    panel = bench.panel
    panel.model.value = TINY
    panel.download_button.click()
    lane.step(2)
    assert panel._bar.format().startswith("12 MB of 156 MB")
    assert bench.is_shown(panel.cancel_button)
    assert not bench.is_shown(panel.download_button)
    panel.cancel_button.click()
    lane.finish()
    assert not bench.is_shown(panel.cancel_button)
    assert bench.is_shown(panel.download_button)
    assert bench.settings.model == "nano"


def test_only_devices_that_are_there_are_offered(qtbot) -> None:
    bench = Bench(qtbot, InlineLane(), device="mps")
    assert names(bench.panel.device) == ["auto", "cpu", "mps"]  # not looked for yet
    bench.panel.offer_devices((Device("cuda", "NVIDIA X"), Device("cpu", "processor")))
    assert names(bench.panel.device) == ["auto", "cuda", "cpu"]
    assert texts(bench.panel.device)[0] == "automatic: NVIDIA X"
    assert bench.settings.device == "auto"
    bench.panel.device.value = "cuda"
    assert bench.settings.device == "cuda"


def test_settings_are_there_the_next_time(user: User) -> None:
    fields = user.open_dock().settings_form.fields
    fields["live_answers"].value = False
    fields["cache_mib"].value = 64
    fields["image_size"].value = 512
    user.dock.settings.device = "cpu"
    assert read_preferences().cache_mib == 64
    again = Memory(Links()).settings
    assert (again.image_size, again.cache_mib) == (512, 64)
    assert (again.live_answers, again.device) == (False, "cpu")


def test_weights_that_are_gone_are_not_asked_for_again(tmp_path: Path) -> None:
    weights = tmp_path / "mine.pt"
    weights.write_bytes(b"")
    memory = Memory(Links())
    memory.settings.model = str(weights)
    assert Memory(Links()).settings.model == str(weights)
    weights.unlink()
    assert Memory(Links()).settings.model == "nano"
    memory.settings.model = TINY  # which is not here either
    assert Memory(Links()).settings.model == "nano"


def test_without_live_answers_masks_come_with_the_run(working: User) -> None:
    working.dock.settings_form.fields["live_answers"].value = False
    working.click(3, 20, 30)
    working.wait_idle()
    working.qtbot.wait(50)
    assert working.mask(1, 3) is None
    working.dock.settings_form.fields["live_answers"].value = True
    working.wait_mask(1, 3)
