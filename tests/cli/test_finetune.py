"""The command ``finetune``: from masks to an adapter that other commands take."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_sam2.core.errors import FrameError, OutputError
from napari_sam2.core.masks.packing import pack_labels, pack_mask
from napari_sam2.engine.weights import read_card, weights_sha256
from napari_sam2.finetuning import course, judging, marks, tuning
from napari_sam2.finetuning.lessons import Size
from napari_sam2.finetuning.saving import save_adapter
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project import (
    project_header,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.project.values import Contents
from napari_sam2.state.edit import TrackedObject
from napari_sam2.state.masks import FrameMask, Origin
from napari_sam2.state.settings import Settings
from tests.conftest import discs

COURSE = course.TuningOptions
SMALL = ("--image-size", 64, "--device", "cpu")
STACK, LABELS = discs(8, (48, 64))
# What its user calls an object, no model can know without being told.
LABELS = np.stack([ndimage.grey_dilation(one, 9) for one in LABELS])


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """Write discs, and beside them masks that reach beyond the discs."""
    monkeypatch.chdir(tmp_path)
    for name, pixels in (("cells", STACK), ("cells_labels", LABELS)):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, metadata={"axes": "TYX"})
    return tmp_path / "cells.tif"


@pytest.fixture
def project(cells):
    """Write a project in which these masks were painted."""
    path = cells.with_suffix(".sam2")
    frames = stack_frames(open_stack(cells))
    header = project_header(
        Settings(),
        image=refer_to_image("cells", cells, frames=frames),
        stack=stack_geometry(frames.stack.axes, frames.layout),
    )
    masks = {
        (i, t): FrameMask(pack_mask(LABELS[t] == i), Origin.PAINTED, 1.0, 1.0)
        for i in (1, 2)
        for t in range(len(LABELS))
    }
    objects = {i: TrackedObject(i, str(i)) for i in (1, 2)}
    write_project(path, replace(header, contents=Contents(objects, masks=masks)))
    return path


def set_course(monkeypatch, **changes):
    """Let courses be shorter than they are for users."""
    made = partial(COURSE, variants=2, size=Size(3, 2))
    monkeypatch.setattr(
        course, "TuningOptions", lambda **given: made(**{**given, **changes})
    )


@pytest.fixture
def quick(monkeypatch):
    """Let courses end after a few seconds."""
    set_course(monkeypatch, steps=8, every=8, rate=1e-3)


@pytest.fixture
def lazy(monkeypatch):
    """Let nothing be learnt."""
    set_course(monkeypatch, steps=2, every=2, rate=0.0)


@pytest.mark.usefixtures("quick")
def test_an_adapter_is_made_and_used_as_a_model_is(cli, cells, tmp_path):
    said = cli("finetune", cells, *SMALL)
    adapter = tmp_path / "cells.adapter.safetensors"
    assert (said.code, said.err) == (0, "")
    assert "Learning from 4 frames of 1 stack with 2 objects; 2 held out" in said.out
    assert "step    8   held-out J 0." in said.out
    assert "J on held-out frames rose from" in said.out
    told = cli("models", "info", adapter)
    assert f"adapter of  nano (SHA-256 {weights_sha256('nano')})" in told.out
    assert "cells: 4 frames, 2 objects; 2 frames held out" in told.out
    table = tmp_path / "objects.csv"
    words = ("-o", tmp_path / "labels.tif", "--table", table, "--point", "1:0,17,16")
    assert cli("track", cells, *words, "--model", adapter).code == 0
    model = json.loads((tmp_path / "objects.csv.json").read_text())["model"]
    assert model == {
        "name": str(adapter),
        "sha256": weights_sha256(str(adapter)),
        "base": {"name": "nano", "sha256": weights_sha256("nano")},
    }


@pytest.mark.usefixtures("quick")
def test_an_adapters_base_learns_again(cli, project, tmp_path):
    first, second = (tmp_path / f"{n}.adapter.safetensors" for n in (1, 2))
    assert cli("finetune", project, "-o", first, *SMALL).code == 0
    assert cli("finetune", project, "-o", second, *SMALL, "--model", first).code == 0
    assert "adapter of  nano" in cli("models", "info", second).out


@pytest.mark.usefixtures("lazy")
def test_nothing_is_saved_when_nothing_is_better(cli, project, tmp_path):
    said = cli("finetune", project, *SMALL)
    assert said.code == 1
    assert "Nothing was better on the held-out frames than nano as it is" in said.out
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.usefixtures("quick")
def test_after_an_interrupt_the_best_so_far_is_saved(cli, cells, tmp_path, monkeypatch):
    set_course(monkeypatch, steps=400, every=8, rate=1e-3)
    note = marks.Marks.note

    def interrupt_when_better(self, *measured):
        is_gain = note(self, *measured)
        if is_gain:
            os.kill(os.getpid(), signal.SIGINT)
        return is_gain

    monkeypatch.setattr(marks.Marks, "note", interrupt_when_better)
    said = cli("finetune", cells, *SMALL)
    assert said.code == 130
    assert "it was stopped" in said.out
    assert (tmp_path / "cells.adapter.safetensors").exists()


@pytest.fixture
def rising(monkeypatch):
    """Let every measurement be a gain, and learn fast."""
    set_course(monkeypatch, steps=8, every=2)
    found = iter(range(1, 100))

    def examine(self, model):
        yield
        return next(found) / 100

    monkeypatch.setattr(judging.Examiner, "examine", examine)
    return found


def after_lessons(monkeypatch, count, act):
    """Do something instead of one more lesson."""
    lesson, done = tuning._Tuning._lesson, []

    def teach(self):
        done.append(None)
        if len(done) > count:
            act()
        return lesson(self)

    monkeypatch.setattr(tuning._Tuning, "_lesson", teach)


@pytest.mark.parametrize("error", [KeyError("a bug"), KeyboardInterrupt()])
@pytest.mark.usefixtures("rising")
def test_the_best_so_far_is_saved_before_all_else(cli, cells, monkeypatch, error):
    def fail():
        raise error

    after_lessons(monkeypatch, 5, fail)
    adapter = cells.with_name("cells.adapter.safetensors")
    if isinstance(error, KeyError):
        with pytest.raises(KeyError):
            cli("finetune", cells, *SMALL)
    else:
        said = cli("finetune", cells, *SMALL)
        assert said.code == 130
        assert f"The best so far is saved: {adapter.name}" in said.err
    assert read_card(adapter).steps == 4


@pytest.mark.usefixtures("rising")
def test_a_course_that_breaks_off_after_a_gain_gives_an_adapter(
    cli, cells, monkeypatch
):
    def fail():
        raise FrameError("Frame 3 cannot be read: Input/output error.")

    after_lessons(monkeypatch, 5, fail)
    said = cli("finetune", cells, *SMALL)
    assert said.code == 1
    assert "(it broke off, after 5 steps): cells.adapter.safetensors" in said.out
    assert "Frame 3 cannot be read: Input/output error." in said.out
    assert read_card(cells.with_name("cells.adapter.safetensors")).steps == 4


@pytest.mark.usefixtures("rising")
def test_before_any_gain_what_breaks_it_off_is_all_there_is(cli, cells, monkeypatch):
    def fail():
        raise FrameError("Frame 3 cannot be read: Input/output error.")

    after_lessons(monkeypatch, 1, fail)
    said = cli("finetune", cells, *SMALL)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "Frame 3 cannot be read" in said.err


@pytest.mark.usefixtures("rising")
def test_a_gain_that_cannot_be_saved_is_told_at_once_and_the_next_is_tried(
    cli, cells, monkeypatch
):
    tries = []

    def save(*args, **options):
        tries.append(args)
        if len(tries) == 1:
            raise OutputError("cells could not be written: the disk is full.")
        save_adapter(*args, **options)

    monkeypatch.setattr("napari_sam2.finetuning.keeping.save_adapter", save)
    said = cli("finetune", cells, *SMALL)
    assert said.code == 0, said.err
    assert said.err.count("not saved, which is tried again later: cells could not") == 1
    assert read_card(cells.with_name("cells.adapter.safetensors")).steps == 8


@pytest.mark.usefixtures("rising")
def test_an_adapter_that_another_program_made_meanwhile_is_kept(
    cli, cells, monkeypatch
):
    adapter = cells.with_name("cells.adapter.safetensors")
    after_lessons(monkeypatch, 1, lambda: adapter.exists() or adapter.write_text("ha"))
    said = cli("finetune", cells, *SMALL)
    assert said.code == 0
    assert adapter.read_text() == "ha"
    beside = cells.with_name("cells 2.adapter.safetensors")
    assert read_card(beside).steps == 8
    assert beside.name in said.out
    assert "was made by another program meanwhile and is kept" in said.err


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("none.tif",), "none.tif does not exist"),
        (("cells_labels.tif",), "No labels lie beside"),
        (("cells.tif", "--model", "giant"), "There is no model called 'giant'"),
        (("cells.tif", "--minutes", "0"), "--minutes 0: give a number above 0"),
        (("cells.tif", "--seed", "9" * 23), "of 0 or more, and of up to 18 digits"),
        (("cells.tif", "--seed", "-1"), "--seed: -1 is no whole number"),
        (("cells.tif", "cells.tif"), "cells.tif is the same image, given twice"),
        (("a.sam2", "b.sam2", "--image", "cells.tif"), "image of one project"),
        (("cells.tif", "--minutes", "nan"), "--minutes nan: give a number above 0"),
        (("cells.tif", "-o", "my.pt"), "An adapter's name ends in"),
        (("cells.tif", "-o", "no/x.safetensors"), "folder no does not exist"),
        (("cells.tif", "--image-size", "50"), "image_size must be a multiple of 32"),
        (("cells.sam2",), "The project cells.sam2 cannot be opened"),
    ],
)
def test_bad_input_is_told_in_one_sentence(cli, cells, words, saying):
    before = set(cells.parent.iterdir())
    said = cli("finetune", *words)
    assert said.code == 2
    assert saying in said.err
    assert len(said.err.splitlines()) == 1
    assert set(cells.parent.iterdir()) == before


def test_ctrl_c_is_heard_while_masks_are_read(cli, cells, monkeypatch):
    read = []

    def pack(labels):
        read.append(labels)
        os.kill(os.getpid(), signal.SIGINT)
        return pack_labels(labels)

    monkeypatch.setattr("napari_sam2.finetuning.sources.pack_labels", pack)
    said = cli("finetune", "cells.tif", *SMALL)
    assert said.code == 130
    assert len(read) == 1
    assert "Stopped before anything was learnt" in said.err


def test_a_project_and_the_labels_exported_from_it_are_one_image(cli, project, cells):
    said = cli("finetune", project, cells)
    assert said.code == 2
    assert f"{project} and {cells} are the same image, given twice" in said.err
    assert not list(cells.parent.glob("*.safetensors"))


def test_too_few_masks_are_told(cli, cells):
    few = LABELS.copy()
    few[2:] = 0
    tifffile.imwrite(cells.with_name("cells_labels.tif"), few, metadata={"axes": "TYX"})
    said = cli("finetune", cells)
    assert said.code == 2
    assert "Only 2 frames have masks to learn from: at least 3" in said.err


def test_where_no_frame_has_a_mask_that_is_said(cli, cells):
    none = np.zeros_like(tifffile.imread(cells.with_name("cells_labels.tif")))
    labels = cells.with_name("cells_labels.tif")
    tifffile.imwrite(labels, none, metadata={"axes": "TYX"})
    said = cli("finetune", cells)
    assert said.code == 2
    assert "No frame has a mask to learn from yet: at least 3" in said.err


def test_an_adapter_that_exists_is_kept(cli, cells, tmp_path):
    adapter = tmp_path / "cells.adapter.safetensors"
    adapter.write_text("precious")
    said = cli("finetune", cells)
    assert said.code == 2
    assert "add --overwrite" in said.err
    assert adapter.read_text() == "precious"
