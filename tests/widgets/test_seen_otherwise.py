"""Window, bleaching and level: chosen in the dock, kept, replayed, said in results."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel

from napari_sam2.cli.main import main
from napari_sam2.core.quality import FAST, MEANINGS, describe
from napari_sam2.core.recipe import Made
from napari_sam2.engine.weights import MANIFEST
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import read_project
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.remembering import Memory
from napari_sam2.widgets.sessions.model_shelf import ModelShelf
from tests.conftest import discs
from tests.widgets.user import PacedFactory, User

COUNT, SIZE_HW = 4, (64, 80)


@pytest.fixture
def pyramid(tmp_path: Path) -> Path:
    """Write a movie of two discs that fade, at two levels."""
    movie, _ = discs(COUNT, SIZE_HW)
    light = np.exp(-0.2 * np.arange(COUNT))[:, None, None]
    fine = (movie * light).astype(np.uint8)
    path = tmp_path / "discs.tif"
    options = {"tile": (16, 16), "photometric": "minisblack"}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(fine, subifds=1, metadata={"axes": "TYX"}, **options)
        file.write(fine[:, ::2, ::2], subfiletype=1, **options)
    return path


@pytest.fixture
def looking(user_without_window: User, pyramid: Path) -> User:
    """Return somebody who looks at the pyramid, with the dock open."""
    user = user_without_window
    array, described, _ = image_layer(open_stack(pyramid))
    user.viewer.add_image(array, **described)
    user.open_dock()
    return user


def choose_level(user: User, words: str) -> None:
    levels = user.dock.image_panel.levels
    levels.setCurrentIndex(levels.findText(words))


def field(user: User, name: str):
    return user.dock.settings_form.fields[name]


def test_a_pyramid_is_seen_at_full_resolution_unless_another_is_chosen(
    looking: User,
) -> None:
    levels = looking.dock.image_panel.levels
    found = [levels.itemText(i) for i in range(levels.count())]
    assert found == ["full (64 × 80)", "1/2 (32 × 40)"]
    assert levels.currentIndex() == 0
    layer = looking.session.image.layer
    assert layer.multiscale
    looking.click(1, 20, 30)
    looking.wait_mask(1, 1)
    session = looking.session
    seen = looking.factory.tracker.request.frames[1]
    np.testing.assert_array_equal(seen, np.asarray(layer.data[0][1]))
    choose_level(looking, "1/2 (32 × 40)")
    looking.wait(lambda: looking.factory.tracker.request.frames.level == 1)
    assert looking.session is session
    seen = looking.factory.tracker.request.frames[1]
    coarse = np.asarray(layer.data[1][1])
    np.testing.assert_array_equal(seen, coarse.repeat(2, 0).repeat(2, 1))
    looking.wait_idle()
    assert looking.mask(1, 1).mask.centroid_yx == pytest.approx((20, 30))
    assert session.masks.layer.data.shape == (COUNT, *SIZE_HW)


def test_an_image_that_is_no_pyramid_offers_no_levels(working: User) -> None:
    panel = working.dock.image_panel
    assert not panel.levels.isVisibleTo(panel)


def test_what_is_chosen_reaches_the_tracker_and_is_there_the_next_time(
    looking: User,
) -> None:
    assert looking.dock.settings.window == "auto"
    assert not looking.dock.settings.corrects_bleaching
    assert looking.dock.settings.quality == "auto"
    field(looking, "window").value = "off"
    field(looking, "quality").value = "balanced"
    said = looking.dock.settings_form.meaning.text()
    assert said == MEANINGS["balanced"]
    field(looking, "corrects_bleaching").native.click()
    field(looking, "is_compiled").native.click()
    looking.click(0, 20, 30)
    looking.wait_mask(1, 0)
    again = Memory(Links()).settings
    for chosen in (looking.factory.tracker.request, again):
        assert (chosen.window, chosen.corrects_bleaching) == ("off", True)
        assert chosen.quality == "balanced"
        assert chosen.is_compiled


def test_graphs_that_keep_their_size_are_not_said_to_lose_it(
    looking: User, tmp_path
) -> None:
    (tmp_path / MANIFEST).touch()
    meaning = looking.dock.settings_form.meaning
    looking.dock.settings.model = str(tmp_path)
    field(looking, "quality").value = "fast"
    assert "keep the image size that they were exported with" in meaning.text()
    looking.dock.settings.model = "nano"
    assert meaning.text() == MEANINGS["fast"]


def test_what_automatic_quality_comes_to_is_said_once_a_model_is_opened(
    looking: User,
) -> None:
    coarse = replace(FAST, size_share=3 / 8)
    looking.factory.automatic = coarse
    meaning, quality = looking.dock.settings_form.meaning, field(looking, "quality")
    quality.value = "fast"
    looking.wait_idle()
    assert meaning.text() == MEANINGS["fast"]
    quality.value = "auto"
    assert meaning.text() == MEANINGS["auto"]  # nothing was opened yet
    here = f"{MEANINGS['auto']} Here: {describe(coarse)}."
    looking.wait(lambda: meaning.text() == here)
    field(looking, "image_size").value = 256  # and no longer 3/8 of the model's own
    assert meaning.text() == f"{MEANINGS['auto']} Here: fast."
    looking.viewer.layers.remove(looking.session.image.layer)
    looking.wait(lambda: looking.session is None)
    assert meaning.text() == MEANINGS["auto"]


def test_they_are_kept_in_the_project_and_back_when_it_is_opened(
    looking: User, tmp_path: Path
) -> None:
    field(looking, "window").value = "on"
    choose_level(looking, "1/2 (32 × 40)")
    looking.click(1, 20, 30)
    looking.wait_mask(1, 1)
    looking.dock.projects.save_as(tmp_path / "work.sam2")
    looking.wait(lambda: (tmp_path / "work.sam2").exists())
    looking.dock.shut_down()
    kept = read_project(tmp_path / "work.sam2")
    assert (kept.choices["window"], kept.stack.level) == ("on", 1)

    looking.viewer, looking.factory = ViewerModel(), PacedFactory()
    looking.open_dock()
    field(looking, "window").value = "off"
    looking.dock.projects.open(tmp_path / "work.sam2")
    looking.wait(lambda: looking.session is not None)
    assert looking.session.image.layer.multiscale
    assert looking.dock.image_panel.levels.currentText() == "1/2 (32 × 40)"
    assert field(looking, "window").value == "on"
    assert looking.session.image.frames.level == 1


def test_the_command_line_finds_the_same_masks_again(
    user_without_window: User, pyramid: Path, tmp_path: Path, capsys
) -> None:
    user = user_without_window
    user.factory = ModelShelf()
    array, described, _ = image_layer(open_stack(pyramid))
    user.viewer.add_image(array, **described)
    user.open_dock()
    user.dock.settings.device = "cpu"
    user.dock.settings.quality = "fast"
    field(user, "corrects_bleaching").native.click()
    user.click(0, 22, 20)
    user.wait_mask(1, 0)
    field(user, "window").value = "on"
    choose_level(user, "1/2 (32 × 40)")
    user.wait_idle()
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(1) == COUNT)
    user.wait_idle()
    made = [s for s in user.session.controller.recorder.steps if isinstance(s, Made)]
    assert [(one.window, one.level) for one in made[:: len(made) - 1]] == [
        ("auto", 0),
        ("on", 1),
    ]
    user.dock.projects.save_as(tmp_path / "work.sam2")
    user.wait(lambda: (tmp_path / "work.sam2").exists())
    user.dock.shut_down()
    out = tmp_path / "labels.ome.zarr"
    words = ["track", "--project", str(tmp_path / "work.sam2"), "-o", str(out)]
    assert main(words) == 0
    assert (
        f"All {COUNT} masks of the model are as in the project"
        in capsys.readouterr().out
    )
    table = tmp_path / "objects.csv"
    assert main(["export", str(tmp_path / "work.sam2"), "-o", str(table)]) == 0
    said = json.loads((tmp_path / "objects.csv.json").read_text())["settings"]
    assert said == {
        "quality": asdict(FAST),
        "window": "on",
        "bleaching": "corrected",
        "level": 1,
        "limits": {"low": [0.0], "high": [255.0]},
    }
