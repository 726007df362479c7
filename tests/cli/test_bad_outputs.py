"""What lies where results would be is kept, and so is what was read."""

from __future__ import annotations

import pytest
import tifffile

from tests.cli.conftest import POINT
from tests.conftest import discs


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
