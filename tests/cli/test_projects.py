"""Projects without a window are replayed, with the same masks."""

from __future__ import annotations

import signal
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from napari_sam2.cli import replay
from napari_sam2.cli.replay import _Models
from napari_sam2.control import Controller
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.recipe import Made
from napari_sam2.project import results
from napari_sam2.project.reading import read_project
from napari_sam2.project.values import Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import FrameMask, History, Place, Settings, edits
from tests.cli.stopping import stopping_after
from tests.cli.study import expected, write_study


def test_a_project_is_replayed_with_the_same_masks(cli, study, tmp_path) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    said = cli(
        "track", "--project", study / "work.sam2", "-o", labels, "--table", table,
        "--overlay", tmp_path / "overlay.png",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "masks of the model are as in the project, to the pixel" in said.out
    np.testing.assert_array_equal(tifffile.imread(labels), expected(study))
    assert (tmp_path / "overlay.png").exists()
    assert len(table.read_text().splitlines()) == 1 + 20


def test_ctrl_c_writes_what_was_made_again(
    cli, study, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.tif"
    command = ("track", "--project", study / "work.sam2", "-o", labels)
    monkeypatch.setattr(replay, "stop_on_interrupt", lambda: stopping_after(6))
    said = cli(*command)
    assert said.code == 130
    assert "Stopped: " in said.out
    assert "are left out" in said.out
    made, whole = tifffile.imread(labels), expected(study)
    assert 0 < made.astype(bool).sum() < whole.astype(bool).sum()
    assert not made[(made > 0) & (made != whole)].size


def test_a_replay_is_not_resumed(cli, study, tmp_path) -> None:
    out = tmp_path / "out.tif"
    said = cli("track", "--project", study / "work.sam2", "-o", out, "--resume")
    assert said.code == 2
    assert "A project is always done again from its beginning" in said.err


@pytest.mark.parametrize("window", ["off", "auto"])
def test_it_is_replayed_with_the_window_that_it_was_made_with(
    cli, tmp_path: Path, nano, window
) -> None:
    def follow(history: History, controller: Controller) -> None:
        history.do(edits.add_object(history.document, 1))
        box = FramePrompts(box_yxyx=(89.0, 149.0, 111.0, 171.0))
        history.do(edits.set_prompts(history.document, 1, 0, box))
        controller.run()

    y, x = np.mgrid[:420, :420]
    disc = 20_000 * (np.hypot(y - 100, x - 160) < 11) + 10_000
    write_study(tmp_path, np.uint16([disc] * 3), nano, Settings(window=window), follow)
    said = cli("track", "--project", tmp_path / "work.sam2", "-o", tmp_path / "out.tif")
    assert "All 3 masks of the model are as in the project, to the pixel" in said.out
    contents = read_project(tmp_path / "work.sam2").contents
    assert contents.steps[0].window == window


def test_masks_of_unknown_making_are_written_as_they_are(
    cli, study: Path, tmp_path: Path
) -> None:
    project = read_project(study / "work.sam2")
    contents = replace(project.contents, steps=(), masks=without_steps(project))
    write_project(tmp_path / "old.sam2", replace(project, contents=contents))
    out = tmp_path / "labels.tif"
    said = cli("track", "--project", tmp_path / "old.sam2", "-o", out)
    assert said.code == 0, said.err
    assert "nothing to do again; 19 are written as they are" in said.out
    np.testing.assert_array_equal(tifffile.imread(out), expected(study))


def test_what_was_said_is_described_once_however_many_files_there_are(
    cli, study: Path, tmp_path: Path, monkeypatch
) -> None:
    described, describe = [], results.describe_said
    monkeypatch.setattr(
        results, "describe_said", lambda said: described.append(said) or describe(said)
    )
    project = read_project(study / "work.sam2")
    contents = replace(project.contents, steps=(), masks=without_steps(project))
    write_project(tmp_path / "old.sam2", replace(project, contents=contents))
    words = ("-o", tmp_path / "labels.tif", "--table", tmp_path / "objects.csv")
    said = cli("track", "--project", tmp_path / "old.sam2", *words)
    assert said.code == 0, said.err
    assert len(described) == 1


def without_steps(project: Project) -> dict[Place, FrameMask]:
    masks = project.contents.masks.items()
    return {place: replace(one, step=None, beneath=None) for place, one in masks}


def test_a_moved_or_changed_image_is_told(cli, study, tmp_path: Path) -> None:
    project = tmp_path / "work.sam2"
    before = read_project(study / "work.sam2")
    lost = replace(before.image, path=str(tmp_path / "gone.tif"), relative_path=None)
    write_project(project, replace(before, image=lost))
    command = ("track", "--project", project, "-o", tmp_path / "out.tif")
    said = cli(*command)
    assert said.code == 2
    assert "no longer there" in said.err
    assert "Add --image PATH" in said.err

    pixels = tifffile.imread(study / "nuclei.tif")
    pixels[0, :5] += 1
    other = tmp_path / "changed.tif"
    tifffile.imwrite(other, pixels, imagej=True, metadata={"axes": "ZYX"})
    said = cli(*command, "--image", other)
    assert "its pixels are others" in said.err
    assert "--changed-image" in said.err
    assert not (tmp_path / "out.tif").exists()
    said = cli(*command, "--image", other, "--changed-image")
    assert said.code == 0, said.err
    assert cli(*command, "--image", study / "nuclei.tif", "--overwrite").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--point", "1:0,5,5"), ("--model", "sam2.1-tiny"), ("--axis", "z"),
        ("--model", "nano"), ("--direction", "both"), ("--quality", "exact"),
        ("--window", "auto"), ("--level", "0"),
    ],
)  # fmt: skip
def test_what_the_project_says_is_not_said_twice(cli, study, tmp_path, words) -> None:
    out = tmp_path / "out.tif"
    said = cli("track", "--project", study / "work.sam2", "-o", out, *words)
    assert said.code == 2
    assert f"{words[0]} cannot be given with --project" in said.err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--image-size", "512"), "--image-size"),
        (("--correct-bleaching",), "--correct-bleaching"),
        (("--as-channels",), "--as-channels"),
        (("stack.tif",), "STACK"),
    ],
)
def test_what_the_project_says_is_called_as_it_is_typed(
    cli, study, tmp_path, words, name
) -> None:
    command = ("--project", study / "work.sam2", "-o", tmp_path / "out.tif")
    said = cli("track", *words, *command)
    assert said.err.startswith(f"napari-sam2: {name} cannot be given with --project")


def test_a_model_is_loaded_once_for_steps_that_share_it(monkeypatch, capsys) -> None:
    loaded = []

    def load(name: str, *, image_size: int | None, **_options: object) -> object:
        loaded.append((name, image_size))
        return SimpleNamespace(precision="float32")

    monkeypatch.setattr("napari_sam2.engine.loading.load_model", load)
    models = _Models(Namespace(device="cpu", backend="torch", is_compiled=False))
    first = models.of(Made("nano"))
    assert models.of(Made("nano", sha256="ab" * 32, precision="bfloat16")) is first
    assert models.of(Made("nano", image_size=256)) is not first
    assert loaded == [("nano", None), ("nano", 256)]
    said = capsys.readouterr().err
    assert "other weights" in said
    assert "were computed in bfloat16" in said


def test_ctrl_c_stops_the_writing_of_a_replay_as_well(
    cli, study, tmp_path, monkeypatch
) -> None:
    written = results.export

    def export(*args, **options):
        for number, progress in enumerate(written(*args, **options)):
            if number == 1:
                signal.raise_signal(signal.SIGINT)
            yield progress

    monkeypatch.setattr("napari_sam2.project.results.export", export)
    project = read_project(study / "work.sam2")
    contents = replace(project.contents, steps=(), masks=without_steps(project))
    write_project(tmp_path / "old.sam2", replace(project, contents=contents))
    out = tmp_path / "out.tif"
    assert cli("track", "--project", tmp_path / "old.sam2", "-o", out).code == 130
    assert not out.exists()


def test_track_needs_a_stack_or_a_project(cli, tmp_path: Path) -> None:
    said = cli("track", "-o", tmp_path / "out.tif")
    assert "Say which STACK, or give a --project" in said.err
