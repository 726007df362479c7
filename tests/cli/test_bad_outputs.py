"""What lies where results would be is kept, and so is what was read."""

from __future__ import annotations

import pytest
import tifffile

from napari_sam2.cli.jobs import everywhere
from napari_sam2.core.prompts import MaskPrompt, PointPrompt
from napari_sam2.engine.loading import load_model
from napari_sam2.io.prompt_file import write_prompts
from napari_sam2.io.prompt_json import PromptSet
from tests.cli.conftest import POINT
from tests.cli.stopping import stopping_after
from tests.cli.volumes import FIRST, PLAIN
from tests.conftest import discs

FAR = ("--point", "300:0,22,20")


@pytest.mark.parametrize(
    "words", [(), ("--table", "objects.csv"), ("--overlay", "overlay.png")]
)
def test_outputs_that_exist_are_kept(refuse, stack, tmp_path, words):
    path = tmp_path / (words[1] if words else "labels.tif")
    path.write_text("precious")
    refuse(stack, *POINT, *words, saying="--overwrite")
    assert path.read_text() == "precious"


def test_an_input_is_never_replaced(refuse, stack, tmp_path, true_labels):
    seeds = tmp_path / "seeds.tif"
    tifffile.imwrite(seeds, true_labels[0])
    words = ("--mask", seeds, "--overwrite")
    refuse(stack, *words, "-o", stack, saying="is an input and is never replaced")
    refuse(stack, *words, "-o", "seeds.tif", saying="is an input and is never replaced")


def test_a_mask_that_a_prompt_file_names_is_never_replaced(
    refuse, stack, tmp_path, true_labels
):
    prompts = tmp_path / "cells.json"
    mask = MaskPrompt(1, 0, true_labels[0] == 1)
    write_prompts(prompts, PromptSet((mask,)))
    words = ("--prompts", prompts, "-o", "cells_frame0.tif", "--overwrite")
    refuse(stack, *words, saying="cells_frame0.tif is an input")


@pytest.mark.parametrize("words", [("--format", "ctc"), ("--format", "labels-png")])
def test_an_input_is_never_replaced_by_what_lies_beside(refuse, stack, tmp_path, words):
    prompts = tmp_path / "cells.json"
    write_prompts(prompts, PromptSet((PointPrompt(1, 0, (20.0, 22.0)),)))
    words = ("--prompts", prompts, "-o", "cells", *words, "--overwrite")
    refuse(stack, *words, saying="cells.json is an input")


def test_an_output_is_not_replaced_by_what_lies_beside_another(refuse, stack):
    words = ("-o", "objects.csv.json", "--table", "objects.csv", "--overwrite")
    refuse(stack, *POINT, *words, saying="the same file, objects.csv.json")


def test_labels_do_not_become_pictures_of_the_stack(refuse, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for t, picture in enumerate(discs(2, (64, 80))[0]):
        tifffile.imwrite(folder / f"{t}.tif", picture)
    refuse(folder, *POINT, "-o", folder / "labels.tif", saying="among the pictures")


@pytest.fixture
def unloaded(monkeypatch):
    """Have no model to load: what is refused is refused before that."""

    def load(*_args: object, **_options: object) -> None:
        pytest.fail("a model was loaded")

    monkeypatch.setattr("napari_sam2.engine.loading.load_model", load)


@pytest.mark.parametrize(
    ("there", "words", "saying"),
    [
        ("l.ome.zarr/0", ("-o", "l.ome.zarr"), "l.ome.zarr exists"),
        ("l/notes.md", ("-o", "l", "--format", "labels-png"), "--overwrite"),
        ("l/notes.md", ("-o", "l", "--format", "ctc"), "--overwrite"),
        ("t.csv.json", ("--table", "t.csv"), "t.csv.json exists"),
        ("", ("-o", ".", "--format", "labels-png"), "no name for a new folder"),
        ("", ("-o", "a/..", "--format", "ctc"), "no name for a new folder"),
        ("", ("-o", "/", "--format", "labels-png", "--overwrite"), "such as /results"),
        ("", ("-o", "l", "--format", "labels-png", *FAR), "ids up to 255"),
        ("", ("--every", "t", "-o", "l.gif"), "one position of a stack only"),
    ],
)  # fmt: skip
def test_outputs_are_refused_before_a_model_is_loaded(
    refuse, stack, tzyx, tmp_path, unloaded, there, words, saying
):
    path = tmp_path / (there or "notes.md")
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    seen = (tzyx, "--axis", "z") if "--every" in words else (stack,)
    refuse(*seen, *POINT, *words, saying=saying)


def test_another_unfinished_run_is_refused_before_a_model_is_loaded(
    cli, refuse, tzyx, tmp_path, unloaded, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr("napari_sam2.engine.loading.load_model", load_model)
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(8))
        out = tmp_path / "labels.tif"
        assert cli("track", tzyx, "-o", out, *PLAIN, *FIRST).code == 130
    refuse(tzyx, *PLAIN, *FIRST, saying="add --resume")
    other = ("--point", "1:0,17,14", "--resume")
    refuse(tzyx, *PLAIN, *other, saying="begun with other prompts")


@pytest.mark.parametrize(
    ("there", "words", "saying"),
    [
        ("l/00000.png", ("-o", "l", "--format", "labels-png"), "--overwrite"),
        ("t.csv.json", ("-o", "l.tif", "--table", "t.csv"), "t.csv.json exists"),
    ],
)
def test_outputs_of_a_replay_are_refused_before_a_model_is_loaded(
    cli, study, tmp_path, unloaded, monkeypatch, there, words, saying
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / there
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    said = cli("track", "--project", study / "work.sam2", *words)
    assert said.code == 2
    assert saying in said.err
    assert path.read_text() == "precious"


@pytest.mark.parametrize("limit", [0, 200])
def test_a_disk_that_fills_up(refuse, stack, tmp_path, full_disk, limit):
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    out.write_text("precious")
    full_disk(limit)
    words = (*POINT, "--frames", "0:2", "--table", table, "--overwrite")
    refuse(stack, *words, saying="the disk is full")
    assert out.read_text() == "precious"


def test_a_folder_that_cannot_be_written(refuse, stack, tmp_path, monkeypatch):
    def denied(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", denied)
    refuse(stack, *POINT, saying="Permission denied")


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("-o", f"{LONG}.tif"), ("-o", f"{LONG}/a.tif"),
        ("-o", LONG, "--format", "ctc"), ("-o", LONG, "--format", "labels-png"),
        ("-o", f"{LONG}.ome.zarr"), ("--table", f"{LONG}.csv"),
        ("--overlay", f"{LONG}.gif"),
    ],
)  # fmt: skip
def test_names_that_no_file_may_have_are_refused(refuse, stack, words, unloaded):
    refuse(stack, *POINT, *words, saying="cannot be written: File name too long.")
