"""``prompts``: labels become prompts that ``track`` takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.io.prompt_file import read_prompts
from tests.io.reading_back import LABEL_READERS


@pytest.mark.parametrize("form", ["points", "boxes", "masks"])
def test_labels_become_prompts_that_track_takes(
    cli, stack, true_labels, tmp_path, form: str
) -> None:
    labels, prompts = tmp_path / "labels.tif", tmp_path / "prompts.json"
    tifffile.imwrite(labels, true_labels)
    said = cli("prompts", labels, "-o", prompts, "--as", form, "--frames", "0,3:5")
    assert f"2 objects, 6 {form}" in said.out
    found = read_prompts(prompts).prompts
    assert {(p.object_id, p.frame) for p in found} == {
        (i, f) for i in (1, 2) for f in (0, 3, 4)
    }
    for prompt in found:
        truth = true_labels[prompt.frame] == prompt.object_id
        if form == "points":
            y, x = (round(c) for c in prompt.point_yx)
            assert truth[y - 2 : y + 3, x - 2 : x + 3].all()
        elif form == "boxes":
            y0, x0, y1, x1 = (int(c + 0.5) for c in prompt.box_yxyx)
            assert truth[y0:y1, x0:x1].sum() == truth.sum()
        else:
            np.testing.assert_array_equal(prompt.packed.mask, truth)
    tracked = cli("track", stack, "-o", tmp_path / "out.tif", "--prompts", prompts)
    assert tracked.code == 0, tracked.err


def test_objects_are_prompted_where_they_appear(cli, tmp_path: Path) -> None:
    labels = np.zeros((4, 20, 20), np.uint16)
    labels[1:, 2:8, 2:8] = 3
    labels[2:, 12, 12] = 9
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    assert cli("prompts", tmp_path / "labels.tif", "-o", tmp_path / "p.json").code == 0
    found = read_prompts(tmp_path / "p.json").prompts
    assert [(p.object_id, p.frame) for p in found] == [(3, 1), (9, 2)]


@pytest.mark.parametrize("name", ["labels-tiff", "labels-png", "ctc"])
def test_results_are_taken_as_masks(cli, stack, tmp_path, name: str) -> None:
    first, again = tmp_path / "first", tmp_path / "again.tif"
    first = first.with_suffix(".tif") if name == "labels-tiff" else first
    words = ("--format", name, "--point", "1:0,22,20")
    assert cli("track", stack, "-o", first, *words).code == 0
    said = cli("track", stack, "-o", again, "--mask", first)
    assert (said.code, said.err) == (0, "")
    assert LABEL_READERS[name](first).any()
    np.testing.assert_array_equal(tifffile.imread(again), LABEL_READERS[name](first))


@pytest.mark.parametrize("form", ["point", "box", "mask"])
def test_one_is_not_told_as_many(cli, tmp_path: Path, form: str) -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[2:8, 2:8] = 1
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    forms = {"box": "boxes"}.get(form, f"{form}s")
    words = ("-o", tmp_path / "p.json", "--as", forms)
    said = cli("prompts", tmp_path / "labels.tif", *words)
    assert f"1 object, 1 {form}: " in said.out


def test_labels_without_objects_are_told(cli, tmp_path: Path) -> None:
    path, out = tmp_path / "labels.tif", tmp_path / "p.json"
    tifffile.imwrite(path, np.zeros((3, 20, 20), np.uint16))
    assert "shows no object" in cli("prompts", path, "-o", out).err
    assert "does not exist" in cli("prompts", path, "-o", out, "--frames", "7").err
    assert "cannot be read" in cli("prompts", path, "-o", out, "--frames", "a").err
    assert "no frame at all" in cli("prompts", path, "-o", out, "--frames", "1:1").err
    for beyond in ("0:999999999", "3:1", "7:"):
        said = cli("prompts", path, "-o", out, "--frames", beyond)
        assert "reaches beyond the stack" in said.err
    tifffile.imwrite(path, np.full((3, 20, 20), -2, np.int16))
    assert "have numbers above 0" in cli("prompts", path, "-o", out).err
    assert not out.exists()


def test_prompts_are_not_written_under_another_ending(cli, tmp_path):
    said = cli("prompts", tmp_path / "labels.tif", "-o", tmp_path / "p.txt")
    assert "p.txt must end in .json" in said.err


def test_what_cannot_be_written_is_told_before_the_labels_are_read(
    cli, tmp_path, monkeypatch
):
    labels, out = tmp_path / "labels.tif", tmp_path / "p.json"
    tifffile.imwrite(labels, np.ones((2, 8, 9), np.uint8))
    out.write_text("mine")
    monkeypatch.setattr("napari_sam2.cli.prompts.read_labels", None)
    assert "add --overwrite" in cli("prompts", labels, "-o", out).err
    assert out.read_text() == "mine"


def test_labels_are_not_replaced_by_the_masks_of_their_prompts(cli, tmp_path):
    labels = tmp_path / "p_frame0.tif"
    tifffile.imwrite(labels, np.ones((2, 8, 9), np.uint8))
    before = labels.read_bytes()
    words = ("--as", "masks", "--overwrite")
    said = cli("prompts", labels, "-o", tmp_path / "p.json", *words)
    assert "never replaced" in said.err
    assert labels.read_bytes() == before


def test_an_image_instead_of_labels_is_told(cli, stack, true_labels, tmp_path, caplog):
    noise = np.random.default_rng(1).integers(0, 256, (64, 80), np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", noise)
    tifffile.imwrite(tmp_path / "labels.tif", true_labels)
    for name in ("image", "labels"):
        said = cli("prompts", tmp_path / f"{name}.tif", "-o", tmp_path / f"{name}.json")
        assert said.code == 0
    assert len(caplog.messages) == 1
    assert f"{tmp_path / 'image.tif'} looks like a picture" in caplog.text
    words = ("-o", tmp_path / "out.tif", "--frames", "9:10")
    said = cli("track", stack, "--mask", tmp_path / "image.tif", *words)
    assert "looks like a picture" in caplog.messages[-1]
