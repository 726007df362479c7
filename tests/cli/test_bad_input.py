"""Words and prompts that make no sense are refused in one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from tests.cli.conftest import POINT


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--point", "1:0,64,20"), "outside the image, which is 64 × 80 pixels"),
        (("--point", "1:0,20,-1"), "outside the image"),
        (("--box", "1:0,70,0,90,10"), "outside the image"),
        (("--point", "1:6,20,20"), "Frame 6 does not exist"),
        (("--point", "1:-1,20,20"), "Frame -1 does not exist"),
        (("--point", "0:0,20,20"), "object numbers start at 1"),
        (("--point", "1:0,nan,20"), "finite"),
        (("--point", "1:0,20"), "OBJECT:FRAME,Y,X"),
        (("--point", "here"), "OBJECT:FRAME,Y,X"),
        (("--box", "1:0,10,10,10,40"), "no area"),
        ((*POINT, "--compile", "--backend", "onnx"), "compiled already"),
        (("--box", "1:0,10,10,40"), "OBJECT:FRAME,Y0,X0,Y1,X1"),
        (("--point", "1:0,22,20,-"), "only negative points"),
        ((*POINT, "--point", "1:3,22,20,-"), "only negative points"),
        ((*POINT, "--point", "2:3,22,20,-"), "only negative points for object 2"),
        (("--box", "1:0,1,1,9,9", "--box", "1:0,2,2,9,9"), "has two boxes"),
        ((), "There is no prompt"),
        ((*POINT, "--frames", "0:9"), "it has 6 frames"),
        ((*POINT, "--frames", "6:"), "it has 6 frames"),
        ((*POINT, "--frames", "3:3"), "no frame at all"),
        ((*POINT, "--frames", "3"), "write A:B"),
        ((*POINT, "--frames", "-2:"), "write A:B"),
        ((*POINT, "--mask", "-1:nowhere.tif"), "-1:nowhere.tif does not exist"),
        ((*POINT, "--axis", "z"), "no axis z"),
        ((*POINT, "--at", "z=3"), "no axis z"),
        ((*POINT, "--at", "z"), "write AXIS=INDEX"),
        ((*POINT, "--axis", "t", "--at", "t=1"), "followed along T (6)"),
        ((*POINT, "--seed", "boxes"), "add --every AXIS"),
        ((*POINT, "--image", "x.tif"), "about a --project"),
        ((*POINT, "--changed-image"), "about a --project"),
        ((*POINT, "--channels", "0,x"), "--channels 0,x cannot be read"),
        ((*POINT, "--channels", "1"), "Channel 1 does not exist"),
        ((*POINT, "--limits", "5"), "write LOW,HIGH"),
        ((*POINT, "--limits", "9,5"), "no range"),
        ((*POINT, "--series", "2"), "no series 2"),
        ((*POINT, "--model", "enormous"), "enormous"),
        ((*POINT, "--model", "missing.pt"), "missing.pt"),
        ((*POINT, "--model", "sam2.1-tiny"), "models download sam2.1-tiny"),
        ((*POINT, "--device", "toaster"), "toaster"),
        ((*POINT, "--image-size", "100"), "multiple of 32"),
        ((*POINT, "--image-size", "many"), "track --help"),
        ((*POINT, "--direction", "up"), "track --help"),
        ((*POINT, "--speed"), "Unrecognized arguments: --speed"),
        ((*POINT, "--mask", "nowhere.tif"), "nowhere.tif does not exist"),
        ((*POINT, "--prompts", "nowhere.json"), "nowhere.json cannot be read"),
        ((*POINT, "--table", "table.xlsx"), "must end in .csv to hold a table"),
        ((*POINT, "--overlay", "film.webp"), "must end in .mp4, .gif or .png"),
        ((*POINT, "-o", "labels.docx"), "that of no format"),
        ((*POINT, "-o", "a.tif", "--format", "coco"), "must end in .json"),
        ((*POINT, "-o", "a.tif", "--format", "x"), "There is no format x"),
        ((*POINT, "-o", "nowhere/labels.tif"), "folder nowhere does not exist"),
        ((*POINT, "--table", "a.csv", "--overlay", "a.csv"), "same file"),
    ],
)
def test_what_makes_no_sense(refuse, stack, words, saying, monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path / "cache"))
    refuse(stack, *words, saying=saying)


def test_a_missing_output(cli, stack):
    said = cli("track", stack, *POINT)
    assert said.code == 2
    assert "-o/--output" in said.err
    assert "track --help" in said.err


def test_a_swapped_box_is_repaired(cli, stack, tmp_path):
    found = []
    for number, box in enumerate(["1:0,10,8,34,32", "1:0,34,32,10,8"]):
        out = tmp_path / f"labels{number}.tif"
        words = ("track", stack, "-o", out, "--box", box, "--frames", "0:2")
        assert cli(*words).code == 0
        found.append(tifffile.imread(out))
    assert np.array_equal(*found)


@pytest.mark.parametrize("label", [2, -1, 0.5, True, "1"])
def test_labels_other_than_0_and_1(refuse, stack, tmp_path, label):
    prompt = {"frame": 0, "points": [[22, 20]], "labels": [label]}
    content = {"version": 1, "objects": [{"id": 1, "prompts": [prompt]}]}
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(content))
    refuse(stack, "--prompts", path, saying="labels are 1 (on the object) or 0")


def test_a_prompt_file_of_another_kind(refuse, stack, tmp_path):
    path = tmp_path / "prompts.json"
    path.write_text("points: 1, 2")
    refuse(stack, "--prompts", path, saying="is no JSON file")


@pytest.mark.parametrize(
    ("mask", "saying"),
    [
        (np.zeros((64, 80), np.uint8), "is empty"),
        (np.ones((10, 10), np.uint8), "10 × 10 pixels"),
        (np.zeros((64, 80, 3), np.uint8), "colour"),
    ],
)
def test_masks_that_do_not_fit(refuse, stack, tmp_path, mask, saying):
    path = tmp_path / "seeds.tif"
    tifffile.imwrite(path, mask)
    refuse(stack, "--mask", path, saying=saying)
    assert path.is_file()


def test_a_mask_beside_a_point(refuse, stack, tmp_path, true_labels):
    path = tmp_path / "seeds.tif"
    tifffile.imwrite(path, true_labels[0])
    refuse(stack, "--mask", path, *POINT, saying="stands alone")


def test_a_mask_on_a_frame_that_does_not_exist(refuse, stack, tmp_path, true_labels):
    path = tmp_path / "seeds.tif"
    tifffile.imwrite(path, true_labels[0])
    refuse(stack, "--mask", f"6:{path}", saying="Frame 6 does not exist")
