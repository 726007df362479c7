"""``napari-sam2 evaluate``: a table for a folder of stacks, sentences for bad input."""

from __future__ import annotations

import pytest

from napari_sam2.training.export import export
from napari_sam2.training.initial import new_model
from tests.evaluation.stacks import two_discs, write_plain
from tests.miniature import MINIATURE


@pytest.fixture
def data(tmp_path):
    for name in ("cells", "nuclei"):
        write_plain(tmp_path / "data" / name, *two_discs())
    return tmp_path / "data"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "miniature.safetensors"
    export(new_model(MINIATURE), path, half=False)
    return path


def test_a_table_with_a_row_per_stack_and_prompt(cli, data, model) -> None:
    said = cli("evaluate", data, "--model", model, "--prompt", "box,mask")
    assert (said.code, said.err) == (0, "")
    rows = [line.split("|")[1:-1] for line in said.out.splitlines() if "|" in line]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert cells[0][:5] == ["stack", "prompt", "objects", "frames", "start J"]
    assert cells[0][-2:] == ["copy J", "threshold J"]
    assert [row[:4] for row in cells[2:]] == [
        ["cells", "box", "2", "6"],
        ["nuclei", "box", "2", "6"],
        ["mean", "box", "4", "12"],
        ["cells", "mask", "2", "6"],
        ["nuclei", "mask", "2", "6"],
        ["mean", "mask", "4", "12"],
    ]


def test_limits(cli, data, model) -> None:
    said = cli(
        "evaluate", data, "--model", model, "--stacks", "nuc*", "--frames", "1:",
        "--max-frames", "3", "--max-objects", "1",
    )  # fmt: skip
    assert said.code == 0
    assert "| nuclei | box    |       1 |      3 |" in said.out
    assert "cells" not in said.out


def test_a_stack_that_cannot_be_measured_does_not_stop_the_others(
    cli, data, model
) -> None:
    (data / "cells" / "labels.tif").write_bytes(b"nothing")
    said = cli("evaluate", data, "--model", model)
    assert said.code == 1
    assert "| nuclei |" in said.out
    assert said.err.startswith("napari-sam2: cells is left out: ")


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--prompt", "scribble"), "no way to prompt objects"),
        (("--prompt", "box", "--prompt", "box"), "says the same twice"),
        (("--stacks", "yeast"), "has no stack yeast. It has cells, nuclei."),
        (("--frames", "3"), "write A:B"),
        (("--frames", "9:"), "none of those asked for"),
        (("--max-objects", "0"), "no number of 1 or more"),
        (("--max-frames", "few"), "no number of 1 or more"),
        (("--window", "open"), "evaluate --help"),
        (("--model", "enormous"), "enormous"),
        (("--device", "toaster"), "toaster"),
    ],
)
def test_what_makes_no_sense(cli, data, words, saying) -> None:
    said = cli("evaluate", data, *words)
    assert said.code == 2
    assert saying in said.err
    assert said.err.startswith("napari-sam2: ")
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_folder_that_is_not_there(cli, tmp_path) -> None:
    said = cli("evaluate", tmp_path / "nowhere")
    assert said.code == 2
    assert "There is no folder" in said.err
