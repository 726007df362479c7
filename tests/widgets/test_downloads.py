"""Models that are fetched, or chosen from a disk, behind a real dock.

The server is on this machine, and what it serves is noise in the shape of SAM 2.1 tiny.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("pytestqt", reason="the dock's tests need pytest-qt")
pytest.importorskip("napari", reason="the dock needs napari")

from napari_sam2.control import Activity
from napari_sam2.engine.weights import CHECKPOINTS, Checkpoint, Patience, registry
from napari_sam2.training.export import export
from napari_sam2.widgets.dock import Sam2Dock
from napari_sam2.widgets.panels import model_panel
from tests.file_server import CONTENT, Answer, FileServer, serve
from tests.golden.recipe import seeded_state
from tests.miniature import seeded_model
from tests.widgets.user import User

pytestmark = pytest.mark.usefixtures("told")

TINY = CHECKPOINTS[0].name
SHAPES = Path(__file__).parents[1] / "golden" / "sam2.1_t_256.shapes.json"


@pytest.fixture(scope="module")
def tiny_weights() -> bytes:
    """A file of weights as Meta publishes them, but of noise, and of half its size."""
    shapes = {name: tuple(s) for name, s in json.loads(SHAPES.read_text()).items()}
    state = seeded_state(shapes)
    halves = {name: torch.from_numpy(one).half() for name, one in state.items()}
    file = io.BytesIO()
    torch.save({"model": halves}, file)
    return file.getvalue()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Serve the models of this test, and bear little."""
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(
        import_module("napari_sam2.engine.weights.download"),
        "Patience",
        lambda: Patience(tries=2, stall_seconds=600, pause_seconds=0.001),
    )
    with serve() as server:
        mirror = f"http://127.0.0.1:{server.port}"
        monkeypatch.setenv("NAPARI_SAM2_MIRROR", mirror)
        yield server


def publish(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """Have SAM 2.1 tiny be this content, with its own size and hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    tiny = replace(CHECKPOINTS[0], size=len(content), sha256=sha256)
    all_of_them = (tiny, *CHECKPOINTS[1:])
    monkeypatch.setattr(registry, "CHECKPOINTS", all_of_them)
    monkeypatch.setattr(model_panel, "CHECKPOINTS", all_of_them)
    return tiny


@pytest.fixture
def visitor(user_without_window: User) -> User:
    """Somebody with an image and a dock with the models of this package."""
    user = user_without_window
    user.open_image(name="cells")
    user.dock = Sam2Dock(user.viewer)
    user.dock.settings.image_size = 256
    user.dock.show()
    return user


@pytest.fixture
def choosing(
    visitor: User, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> User:
    """Somebody who has chosen SAM 2.1 tiny, which is not here; it is a small file."""
    publish(CONTENT, monkeypatch)
    visitor.dock.model_panel.model.value = TINY
    return visitor


def wait_until_idle(user: User) -> None:
    def is_idle() -> bool:
        now = user.dock.downloads.status.activity, user.status.activity
        return now == (Activity.IDLE, Activity.IDLE)

    user.qtbot.waitUntil(is_idle, timeout=60_000)


def press_download(user: User) -> None:
    button = user.dock.model_panel.download_button
    assert button.isVisibleTo(user.dock)
    button.click()


def sentences(user: User) -> str:
    return user.dock.status_line.problems.sentences


def expect_idle_with_the_old_model(user: User) -> None:
    panel = user.dock.model_panel
    assert user.dock.settings.model == "nano"
    assert not panel.cancel_button.isVisibleTo(user.dock)
    user.click(1, 20, 30)
    user.qtbot.waitUntil(lambda: user.mask(1, 1) is not None, timeout=60_000)


def test_a_model_is_downloaded_loaded_and_answers(
    visitor: User,
    server: FileServer,
    tiny_weights: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(tiny_weights, monkeypatch)
    server.answers = [Answer(body=tiny_weights)]
    panel = visitor.dock.model_panel
    panel.model.value = TINY
    seen: set[str] = set()
    visitor.dock.downloads.status_changed.connect(lambda _: seen.add(panel._bar.text()))
    press_download(visitor)
    visitor.qtbot.waitUntil(
        lambda: visitor.dock.settings.model == TINY, timeout=120_000
    )
    assert any(" MB of " in words for words in seen)
    ready = f"{TINY} is ready."
    visitor.qtbot.waitUntil(
        lambda: ready in visitor.dock.status_line.message, timeout=60_000
    )
    assert not sentences(visitor)
    visitor.click(2, 20, 30)
    visitor.qtbot.waitUntil(lambda: visitor.mask(1, 2) is not None, timeout=120_000)
    assert np.asarray(visitor.shown(2)).shape == (40, 60)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "404"),
        (Answer(body=CONTENT[::-1]), "another file than expected"),
        (Answer(body=CONTENT[:-1]), "log-in page"),
        (
            Answer(stops_after=300_000, honours_ranges=False),
            "300 kB of 600 kB are kept",
        ),
    ],
)
def test_a_broken_download_is_explained_and_the_old_model_stays(
    choosing: User, server: FileServer, answer: Answer, reason: str
) -> None:
    server.answers = [answer]
    press_download(choosing)
    choosing.wait(lambda: bool(sentences(choosing)))
    wait_until_idle(choosing)
    assert reason in sentences(choosing)
    assert choosing.dock.model_panel.download_button.isVisibleTo(choosing.dock)
    expect_idle_with_the_old_model(choosing)


def test_without_a_network_the_way_out_is_told(
    choosing: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_SAM2_MIRROR", "http://127.0.0.1:9")
    press_download(choosing)
    choosing.wait(lambda: bool(sentences(choosing)))
    assert "cannot be reached" in sentences(choosing)
    assert "by hand" in sentences(choosing)
    wait_until_idle(choosing)


def test_a_full_disk_is_told(choosing: User, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(Path.home())._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    press_download(choosing)
    choosing.wait(lambda: bool(sentences(choosing)))
    assert "1.0 kB are free" in sentences(choosing)
    wait_until_idle(choosing)


def test_a_silent_server_is_cancelled_at_once(
    choosing: User, server: FileServer
) -> None:
    server.answers = [Answer(is_silent=True)]
    press_download(choosing)
    choosing.wait(lambda: server.request_count == 1)
    choosing.dock.model_panel.cancel_button.click()
    wait_until_idle(choosing)
    assert not server.has_given_up
    assert not sentences(choosing)
    expect_idle_with_the_old_model(choosing)


def test_a_silent_server_does_not_hold_up_closing(
    choosing: User, server: FileServer
) -> None:
    server.answers = [Answer(stops_after=100_000, stalls=True)]
    press_download(choosing)
    choosing.wait(lambda: server.request_count == 1)
    choosing.dock.shut_down()  # and no thread of ours is left, says the fixture
    assert not server.has_given_up


def test_a_file_that_was_damaged_on_disk_can_be_fetched_again(
    choosing: User, server: FileServer, tmp_path: Path
) -> None:
    path = tmp_path / "cache" / "sam2.1_hiera_tiny.pt"
    path.parent.mkdir()
    path.write_bytes(CONTENT[::-1])
    choosing.dock.settings.model = TINY
    choosing.wait(lambda: "is damaged" in sentences(choosing))
    wait_until_idle(choosing)
    assert "Model › Download" in sentences(choosing)
    press_download(choosing)
    choosing.wait(lambda: path.read_bytes() == CONTENT)


def a_text(path: Path) -> None:
    path.write_text("These are my notes.")


def another_network(path: Path) -> None:
    torch.save({"encoder.weight": torch.zeros(3, 3)}, path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [(a_text, "mine.pt"), (another_network, "not the weights of a SAM 2 model")],
)
def test_a_file_that_holds_no_model_is_explained_and_the_old_one_stays(
    visitor: User, tmp_path: Path, make, reason: str
) -> None:
    make(tmp_path / "mine.pt")
    visitor.dock.model_panel.use_file(str(tmp_path / "mine.pt"))
    visitor.wait(lambda: bool(sentences(visitor)))
    wait_until_idle(visitor)
    assert reason in sentences(visitor)
    assert visitor.dock.model_panel.model.value == "nano"
    expect_idle_with_the_old_model(visitor)


def test_a_file_of_ones_own_is_used_once_it_was_read(
    visitor: User, tmp_path: Path
) -> None:
    path = tmp_path / "fine-tuned.safetensors"
    export(seeded_model(), path)
    panel = visitor.dock.model_panel
    panel.use_file(str(path))
    visitor.wait(lambda: visitor.dock.settings.model == str(path))
    wait_until_idle(visitor)
    assert panel.model.value == str(path)
    assert panel.model.current_choice == "fine-tuned.safetensors (your file)"
    visitor.click(1, 20, 30)
    visitor.qtbot.waitUntil(lambda: visitor.mask(1, 1) is not None, timeout=60_000)


def test_an_exported_model_is_used_by_its_manifest(
    visitor: User, nano_onnx: Path
) -> None:
    panel = visitor.dock.model_panel
    panel.use_file(str(nano_onnx / "manifest.json"))
    visitor.wait(lambda: visitor.dock.settings.model == str(nano_onnx))
    wait_until_idle(visitor)
    assert panel.model.current_choice == f"{nano_onnx.name} (your file)"
    visitor.click(1, 20, 30)
    visitor.qtbot.waitUntil(lambda: visitor.mask(1, 1) is not None, timeout=60_000)


def test_a_damaged_exported_model_is_explained_and_the_old_one_stays(
    visitor: User, tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_text("{")
    visitor.dock.model_panel.use_file(str(tmp_path / "manifest.json"))
    visitor.wait(lambda: bool(sentences(visitor)))
    wait_until_idle(visitor)
    assert "manifest.json is damaged" in sentences(visitor)
    expect_idle_with_the_old_model(visitor)
