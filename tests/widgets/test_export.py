"""What was found is saved where the user says: whole, or not at all."""

from __future__ import annotations

import csv
import json
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from PIL import Image
from qtpy.QtCore import Qt

from napari_sam2.control import Activity
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.pictures import overlay
from napari_sam2.io.writing.result_format import ResultFormat
from napari_sam2.io.writing.result_formats import RESULT_FORMATS
from napari_sam2.layers.hooks import read_layers
from napari_sam2.layers.layer_file import PATH_KEY
from napari_sam2.state import edits
from napari_sam2.widgets.panels import export_form
from napari_sam2.widgets.panels.export_form import ExportForm
from napari_sam2.widgets.sessions import exporting
from tests.io.reading_back import LABEL_READERS
from tests.widgets.user import SHAPE, User


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that the user was asked about, and did not want to replace."""
    asked: list[Path] = []

    def refuse(path: Path, parent: object) -> bool:
        asked.append(path)
        return False

    monkeypatch.setattr(export_form, "may_replace", refuse)
    return asked


def save(user: User, kind: str, path: Path) -> None:
    form = user.dock.workbench.results.form
    form.kind.value = kind
    form.path.value = str(path)
    form.save_button.native.click()


def test_labels_of_some_frames_are_saved(tracked: User, tmp_path: Path) -> None:
    form = tracked.dock.workbench.results.form
    form.first.value, form.last.value = 2, 5
    save(tracked, "labels-tiff", tmp_path / "labels.tif")
    tracked.wait((tmp_path / "labels.tif").exists)
    labels = read_labels(tmp_path / "labels.tif")
    assert len(labels) == 4
    np.testing.assert_array_equal(labels[1], tracked.shown(3))
    tracked.wait_idle()
    assert "Saved:" in tracked.dock.status_line.message


def test_the_table_of_some_frames_keeps_their_numbers(
    tracked: User, tmp_path: Path
) -> None:
    form = tracked.dock.workbench.results.form
    form.first.value, form.last.value = 7, 6  # in any order
    save(tracked, "csv", tmp_path / "objects.csv")
    tracked.wait((tmp_path / "objects.csv").exists)
    with (tmp_path / "objects.csv").open(newline="") as file:
        assert [row["frame"] for row in csv.DictReader(file)] == ["6", "7"]


def test_what_the_machine_multiplied_in_is_said_beside_the_table(
    tracked: User, tmp_path: Path
) -> None:
    beside = tmp_path / "objects.csv.json"
    save(tracked, "csv", tmp_path / "objects.csv")
    tracked.wait(beside.exists)
    assert json.loads(beside.read_text("utf-8"))["precision"] == "float32"


def test_a_file_is_replaced_only_when_the_user_says_so(
    tracked: User, tmp_path: Path, asked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.tif"
    path.write_bytes(b"mine")
    save(tracked, "labels-tiff", path)
    tracked.wait_idle()
    assert asked == [path]
    assert path.read_bytes() == b"mine"
    monkeypatch.setattr(export_form, "may_replace", lambda path, parent: True)
    save(tracked, "labels-tiff", path)
    tracked.wait(lambda: path.read_bytes() != b"mine")


def test_a_film_can_be_of_the_frames_with_masks(working: User, tmp_path: Path) -> None:
    for frame in (3, 5):
        working.click(frame, 20, 30)
        working.wait_mask(1, frame)
    working.wait_idle()
    absent = edits.mark_absent(working.document, 1, [1, *range(6, 10)])
    working.session.history.do(absent)
    working.wait_idle()
    line, form = working.dock.status_line, working.dock.workbench.results.form
    save(working, "overlay-gif", tmp_path / "all.gif")
    working.wait(lambda: "all.gif" in line.message)
    working.wait_idle()
    assert "2 of the 10 frames have masks" in line.message
    working.qtbot.mouseClick(form.with_masks.native, Qt.MouseButton.LeftButton)
    assert (form.first.value, form.last.value) == (3, 5)
    save(working, "overlay-gif", tmp_path / "some.gif")
    working.wait((tmp_path / "some.gif").exists)
    working.wait_idle()
    assert "frames have masks" not in line.message
    with Image.open(tmp_path / "some.gif") as film:
        assert film.n_frames == 3


def test_stop_ends_saving_and_leaves_nothing_half_written(
    tracked: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Semaphore(3)
    draw = exporting.Results.labels

    def slowly(results, frame):
        gate.acquire(timeout=5)
        return draw(results, frame)

    monkeypatch.setattr(exporting.Results, "labels", slowly)
    save(tracked, "labels-tiff", tmp_path / "labels.tif")
    track = tracked.dock.workbench.track
    bar = tracked.dock.status_line._bar
    tracked.wait(lambda: bar.value() == 3)
    assert bar.maximum() == SHAPE[0]
    assert "Writing labels.tif" in tracked.dock.status_line.message
    assert not tracked.dock.workbench.results.form.save_button.enabled
    assert track.stop_button.isEnabled()
    track.stop_button.click()
    assert tracked.status.activity is Activity.STOPPING
    gate.release(50)
    tracked.wait_idle()
    assert not list(tmp_path.iterdir())
    assert "labels.tif was not written" in tracked.dock.status_line.message
    assert tracked.dock.workbench.results.form.save_button.enabled


def test_what_was_saved_is_still_said_after_a_run_that_waited(
    tracked: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, draw = threading.Event(), exporting.Results.labels

    def slowly(results, frame):
        gate.wait(timeout=20)
        return draw(results, frame)

    monkeypatch.setattr(exporting.Results, "labels", slowly)
    save(tracked, "labels-tiff", tmp_path / "labels.tif")
    tracked.dock.workbench.track.run()  # as G does
    gate.set()
    tracked.wait(lambda: "10 frames are done" in tracked.dock.status_line.message)
    assert f"Saved: {tmp_path / 'labels.tif'}" in tracked.dock.status_line.message


def test_stop_ends_the_drawing_of_an_animation(
    tracked: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    draw = overlay.draw_overlay

    def slowly(*given):
        begun.set()
        go_on.wait(timeout=5)
        return draw(*given)

    monkeypatch.setattr(overlay, "draw_overlay", slowly)
    save(tracked, "overlay-gif", tmp_path / "film.gif")
    tracked.wait(begun.is_set)
    tracked.wait(lambda: "Finishing film.gif" in tracked.dock.status_line.message)
    assert tracked.status.seconds_left is None
    tracked.dock.workbench.track.stop_button.click()
    go_on.set()
    tracked.wait_idle()
    assert "film.gif was not written" in tracked.dock.status_line.message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("gone/labels.tif", "labels-tiff", "gone does not exist"),
        ("labels.png", "labels-tiff", "must end in .tif"),
        ("objects.xls", "csv", "must end in .csv"),
    ],
)
def test_a_file_that_cannot_be_is_told_in_a_sentence(
    tracked: User,
    tmp_path: Path,
    told: list[Exception],
    name: str,
    kind: str,
    words: str,
) -> None:
    save(tracked, kind, tmp_path / name)
    tracked.wait(lambda: bool(told))
    tracked.wait_idle()
    assert words in tracked.dock.status_line.message


def test_a_full_disk_keeps_what_was_there(
    tracked: User, tmp_path: Path, told, monkeypatch: pytest.MonkeyPatch, full_disk
) -> None:
    path = tmp_path / "labels.tif"
    path.write_bytes(b"mine")
    monkeypatch.setattr(export_form, "may_replace", lambda path, parent: True)
    full_disk(64)
    save(tracked, "labels-tiff", path)
    tracked.wait(lambda: bool(told))
    tracked.wait_idle()
    assert "disk is full" in tracked.dock.status_line.message
    assert path.read_bytes() == b"mine"


def test_a_frame_that_cannot_be_read_ends_the_table(
    tracked: User, tmp_path: Path, told: list[Exception]
) -> None:
    class Lost:
        shape, dtype = SHAPE, np.uint8

        def __getitem__(self, index):
            raise OSError("the drive was disconnected")

    frames = tracked.session.controller.frames
    object.__setattr__(frames, "array", Lost())
    save(tracked, "csv", tmp_path / "objects.csv")
    tracked.wait(lambda: bool(told))
    tracked.wait_idle()
    assert "the drive was disconnected" in tracked.dock.status_line.message
    assert not list(tmp_path.iterdir())


def test_the_image_itself_is_never_replaced(
    tracked: User, tmp_path: Path, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "image.tif"
    image.write_bytes(b"pixels")
    tracked.session.image.layer.metadata[PATH_KEY] = str(image)
    monkeypatch.setattr(export_form, "may_replace", lambda path, parent: True)
    save(tracked, "labels-tiff", image)
    tracked.wait(lambda: bool(told))
    tracked.wait_idle()
    assert "never replaced" in tracked.dock.status_line.message
    assert image.read_bytes() == b"pixels"


def make_form(qtbot, name: str = "cells") -> ExportForm:
    form = ExportForm(name, 5, lambda order: None)
    qtbot.addWidget(form)
    return form


def test_names_of_images_become_names_of_files(qtbot) -> None:
    form = make_form(qtbot, "a/b: c?")
    assert Path(form.path.value).name == "a_b_ c__labels.tif"
    form.kind.value = "csv"
    assert Path(form.path.value).name == "a_b_ c__objects.csv"


def test_results_are_proposed_beside_the_image(qtbot, tmp_path: Path) -> None:
    orders = []
    form = ExportForm("cells", 5, orders.append, image_path=tmp_path / "cells.tif")
    qtbot.addWidget(form)
    assert Path(form.path.value) == tmp_path / "cells_labels.tif"
    form.path.value = "mine"
    form.save()
    assert orders[0].path == tmp_path / "mine.tif"


def test_a_folder_that_nobody_may_write_to_is_not_proposed(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_form.os, "access", lambda path, mode: False)
    form = ExportForm("cells", 5, print, image_path=tmp_path / "cells.tif")
    qtbot.addWidget(form)
    assert Path(form.path.value) == Path.home() / "cells_labels.tif"


def test_results_of_a_sample_are_not_proposed_beside_it(
    user_without_window: User,
) -> None:
    user_without_window.open_dock().open_sample("bacteria_phase")
    form = user_without_window.dock.workbench.results.form
    assert Path(form.path.value).parent == Path.home()


def test_a_folder_or_a_bare_name_is_completed(qtbot, tmp_path: Path) -> None:
    orders = []
    form = ExportForm("cells", 5, orders.append)
    qtbot.addWidget(form)
    for written in (str(tmp_path), str(tmp_path / "mine"), ""):
        form.path.value = written
        form.save()
    names = [order.path.name for order in orders]
    assert names == ["cells_labels.tif", "mine.tif", "cells_labels.tif"]
    assert orders[0].path.parent == tmp_path
    assert orders[0].frames == range(5)


@pytest.mark.parametrize(
    ("kind", "written", "completed"),
    [
        ("csv", "exp_1.2", "exp_1.2.csv"),
        ("labels-tiff", "exp.wt_3", "exp.wt_3.tif"),
        ("labels-nifti", "scan.2.nii", "scan.2.nii"),
        ("labels-nifti", "scan.2.nii.gz", "scan.2.nii.gz"),
        ("csv", "table.xls", "table.xls"),  # refused, as somebody means something else
        ("labels-png", "exp_1.2", "exp_1.2"),
    ],
)
def test_a_dot_in_a_name_is_no_ending(
    qtbot, tmp_path: Path, kind: str, written: str, completed: str
) -> None:
    orders = []
    form = ExportForm("cells", 5, orders.append)
    qtbot.addWidget(form)
    form.kind.value = kind
    form.path.value = str(tmp_path / written)
    form.save()
    assert orders[0].path.name == completed


def test_where_there_are_positions_formats_without_room_are_not_offered(qtbot) -> None:
    form = ExportForm("cells", None, lambda order: None)
    qtbot.addWidget(form)
    able = {one.name for one in RESULT_FORMATS if one.holds_positions}
    assert set(make_form(qtbot).kind.choices) > set(form.kind.choices) == able


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_every_format_is_offered_and_written(
    tracked: User, tmp_path: Path, one: ResultFormat
) -> None:
    form = tracked.dock.workbench.results.form
    form.kind.value = one.name
    path = tmp_path / Path(form.path.value).name
    save(tracked, one.name, path)
    tracked.wait(path.exists)
    tracked.wait_idle()
    assert f"Saved: {path}" in tracked.dock.status_line.message
    if one.name in LABEL_READERS:
        found = LABEL_READERS[one.name](path)
        np.testing.assert_array_equal(found[3], tracked.shown(3))


def test_pixel_sizes_are_those_that_the_image_has_when_it_is_measured(
    tracked: User, tmp_path: Path
) -> None:
    image = tracked.session.image.layer
    image.scale = (1, 0.5, 0.25)
    image.units = ("second", "micrometer", "micrometer")
    save(tracked, "csv", tmp_path / "table.csv")
    tracked.wait((tmp_path / "table.csv").exists)
    tracked.wait_idle()
    with (tmp_path / "table.csv").open() as file:
        row = next(csv.DictReader(file))
    assert float(row["area_um2"]) == pytest.approx(int(row["area"]) / 8)


@pytest.mark.parametrize("is_reopened", [False, True])
def test_nifti_labels_lie_where_the_scan_does(
    user_without_window: User, tmp_path: Path, is_reopened: bool
) -> None:
    nibabel = pytest.importorskip("nibabel")
    user, path = user_without_window, tmp_path / "scan.nii.gz"
    affine = np.array(
        [[0.9, 0.1, 0, -20], [-0.1, 0.9, 0.2, 7], [0, -0.2, 2, 3], [0, 0, 0, 1]]
    )
    scan = nibabel.Nifti1Image(np.zeros((60, 40, 10), np.int16), affine)
    scan.set_sform(affine, 4)
    nibabel.save(scan, path)
    ((data, options, _),) = read_layers(str(path))
    user.viewer.add_image(data, **options)
    user.open_dock()
    form = user.dock.workbench.results.form
    assert form.kind.value == "labels-nifti"
    assert Path(form.path.value) == tmp_path / "scan_labels.nii.gz"
    user.follow()
    if is_reopened:
        user.dock.projects.save_as(tmp_path / "scan.sam2")
        user.wait((tmp_path / "scan.sam2").exists)
        user.viewer.layers.clear()
        user.dock.projects.open(tmp_path / "scan.sam2")
        user.wait(lambda: user.session is not None)
        user.wait_idle()
    save(user, "labels-nifti", tmp_path / "labels.nii.gz")
    user.wait((tmp_path / "labels.nii.gz").exists)
    user.wait_idle()
    labels = nibabel.load(tmp_path / "labels.nii.gz")
    np.testing.assert_allclose(labels.affine, affine, atol=1e-5)
    assert labels.shape == scan.shape
    assert int(labels.header["sform_code"]) == 4
    assert np.asarray(labels.dataobj).any()


def test_names_that_no_path_can_have_are_taken_as_they_are(tracked: User) -> None:
    form = tracked.dock.workbench.results.form
    for typed in ("~nobody.of.this.name/cells.tif", "cells\0.tif"):
        form.path.value = typed
        form.kind.value = "csv"
        assert form.path.value.endswith(".csv"), typed
        form.kind.value = "labels-tiff"


def test_what_was_painted_is_among_the_prompts_that_a_file_names(
    user_without_window: User, tmp_path: Path
) -> None:
    user = user_without_window
    user.open_image()
    user.open_dock()
    user.click(1, 20, 30)
    user.wait_mask(1, 1)
    user.session.masks.layer.fill((3, 0, 0), 1)
    save(user, "csv", tmp_path / "table.csv")
    user.wait((tmp_path / "table.csv").exists)
    user.wait_idle()
    (noted,) = (one for one in tmp_path.iterdir() if one.suffix == ".json")
    prompts = json.loads(noted.read_text())["prompts"]
    assert [(one["object"], one["frame"]) for one in prompts] == [(1, 1), (1, 3)]
    assert prompts[1]["painted_pixels"] == np.prod(SHAPE[1:])
