"""Bad input ends in one sentence and exit code 2; nothing is written, nothing lost."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from napari_sam2.engine.weights import bundled_path
from tests.conftest import discs

POINT = ("--point", "1:0,22,20")


@pytest.fixture
def refuse(cli, tmp_path, monkeypatch):
    """Run ``track`` and check that it is refused in one sentence, writing nothing."""
    monkeypatch.chdir(tmp_path)

    def call(stack, *words: object, saying: str) -> None:
        before = snapshot(tmp_path)
        said = cli("track", stack, "-o", tmp_path / "labels.tif", *words)
        assert said.code == 2
        assert saying in said.err
        assert said.err.startswith("napari-sam2: ")
        assert len(said.err.splitlines()) == 1
        assert "Traceback" not in said.err
        assert said.out == ""
        assert snapshot(tmp_path) == before

    return call


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


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
        ((*POINT, "--axis", "z"), "no axis z"),
        ((*POINT, "--at", "z=3"), "no axis z"),
        ((*POINT, "--at", "z"), "write AXIS=INDEX"),
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
        ((*POINT, "--table", "table.xlsx"), "must end in .csv"),
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


def test_colour_pictures_do_not_bleach(refuse, tmp_path):
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, np.zeros((3, 64, 80, 3), np.uint8), photometric="rgb")
    refuse(path, *POINT, "--correct-bleaching", saying="are colour pictures")


def test_text_that_calls_itself_tif(refuse, tmp_path):
    path = tmp_path / "notes.tif"
    path.write_text("These are my notes.\n" * 100)
    refuse(path, *POINT, saying="cannot be read as a TIFF file")


def test_nothing_at_all(refuse, tmp_path):
    refuse(tmp_path / "nothing.tif", *POINT, saying="does not exist")


def test_a_kind_that_is_not_known(refuse, tmp_path):
    path = tmp_path / "letter.docx"
    path.write_bytes(b"PK")
    refuse(path, *POINT, saying="cannot be opened")


@pytest.mark.parametrize("name", ["film.mp4", "film.avi"])
def test_a_video_that_is_none(refuse, tmp_path, name):
    pytest.importorskip("av")
    path = tmp_path / name
    path.write_bytes(bytes(1000))
    refuse(path, *POINT, saying="cannot be read as a video")


def test_a_tiff_that_is_cut_off_before_its_prompt(refuse, stack):
    with tifffile.TiffFile(stack) as file:
        offset = file.series[0].dataoffset
    with stack.open("r+b") as file:
        file.truncate(offset + 3 * 64 * 80)
    refuse(stack, "--point", "1:5,22,20", saying="Picture 5 (counted from 0)")


def test_a_stack_without_frames(refuse, tmp_path):
    path = tmp_path / "empty.npy"
    np.save(path, np.zeros((0, 64, 80), np.uint8))
    refuse(path, *POINT, saying="holds no frames")


def test_a_folder_without_pictures(refuse, tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    refuse(path, *POINT, saying="holds no pictures")


def test_five_axes_without_a_choice(refuse, tmp_path):
    path = tmp_path / "tzcyx.tif"
    pixels = np.zeros((2, 3, 2, 64, 80), np.uint8)
    tifffile.imwrite(path, pixels, metadata={"axes": "TZCYX"})
    refuse(path, *POINT, saying="Say which: --axis t or z")
    refuse(path, *POINT, "--axis", "t", saying="--at z=1")


def test_pixels_that_are_no_numbers(refuse, tmp_path):
    path = tmp_path / "complex.npy"
    np.save(path, np.zeros((2, 64, 80), np.complex64))
    refuse(path, *POINT, saying="complex64")


class Malicious:
    """A pickle that makes a file when it is opened carelessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("save", ["torch", "pickle"])
def test_a_malicious_checkpoint_is_refused(refuse, stack, tmp_path, save):
    path, trace = tmp_path / "model.pt", tmp_path / "trace"
    content = {"model": {"weight": Malicious(trace)}}
    if save == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    refuse(stack, *POINT, "--model", path, saying="model.pt was refused")
    assert not trace.exists()
    pickle_works = pickle.loads(pickle.dumps(Malicious(trace)))
    assert trace.exists(), pickle_works  # careless opening would have run it


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_truncated_checkpoint(refuse, stack, tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    if suffix == ".pt":
        torch.save({"model": {"weight": torch.zeros(1000)}}, path)
        whole = path.read_bytes()
    else:
        whole = bundled_path().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse(stack, *POINT, "--model", path, saying=path.name)


def test_a_checkpoint_of_another_architecture(refuse, stack, tmp_path):
    path = tmp_path / "unet.pt"
    torch.save({"state": torch.zeros(3), "down.weight": torch.zeros(3)}, path)
    refuse(stack, *POINT, "--model", path, saying="not the weights of a SAM 2 model")


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
    refuse(stack, *words, "-o", stack, saying="is an input of this command")
    refuse(stack, *words, "-o", "seeds.tif", saying="is an input of this command")


def test_labels_do_not_become_pictures_of_the_stack(refuse, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for t, picture in enumerate(discs(2, (64, 80))[0]):
        tifffile.imwrite(folder / f"{t}.tif", picture)
    refuse(folder, *POINT, "-o", folder / "labels.tif", saying="inside the stack")


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
