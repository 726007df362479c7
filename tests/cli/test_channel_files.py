"""``track A.tif B.tif --as-channels``: a file per colour."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

from tests.conftest import discs

POINT = ("--point", "1:0,16,14")


@pytest.fixture
def colours(tmp_path):
    """Write three frames of two discs, each disc in a file of its own."""
    pixels, labels = discs(3, (48, 56))
    paths = tmp_path / "red.tif", tmp_path / "green.tif"
    for number, path in enumerate(paths, 1):
        alone = np.where(labels == number, pixels, 30).astype(np.uint8)
        tifffile.imwrite(path, alone, imagej=True, metadata={"axes": "TYX"})
    return paths


def test_files_are_the_channels_of_one_stack(cli, colours, tmp_path):
    both = np.stack([tifffile.imread(path) for path in colours], axis=1)
    joined = tmp_path / "both.tif"
    tifffile.imwrite(joined, both, imagej=True, metadata={"axes": "TCYX"})
    found = []
    for number, words in enumerate(
        [(*colours, "--as-channels"), (joined, "--channels", "0,1")]
    ):
        out, table = tmp_path / f"{number}.tif", tmp_path / f"{number}.csv"
        said = cli("track", *words, "-o", out, "--table", table, *POINT)
        assert (said.code, said.err) == (0, "")
        with table.open(newline="") as file:
            found.append((tifffile.imread(out), list(csv.DictReader(file))))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert {"mean_intensity_c0", "mean_intensity_c1"} <= found[0][1][0].keys()
    made = json.loads((tmp_path / "0.csv.json").read_text())
    assert made["image"]["channels"] == [str(path) for path in colours]


def test_some_of_many_files_are_picked(cli, colours, tmp_path):
    red, green = colours
    alone, picked = tmp_path / "alone.tif", tmp_path / "picked.tif"
    four = (red, green, green, red)
    said = cli("track", *four, "--as-channels", "-o", picked, *POINT)
    assert "up to three channels, and there are 4" in said.err
    words = ("--as-channels", "--channels", "3", "-o", picked)
    assert cli("track", *four, *words, *POINT).code == 0
    assert cli("track", red, "-o", alone, *POINT).code == 0
    np.testing.assert_array_equal(tifffile.imread(picked), tifffile.imread(alone))


def test_files_that_do_not_belong_together_are_told(cli, colours, tmp_path):
    red, green = colours
    short, colour = tmp_path / "short.tif", tmp_path / "colour.tif"
    tifffile.imwrite(short, np.zeros((2, 48, 56), np.uint8), metadata={"axes": "TYX"})
    tifffile.imwrite(colour, np.zeros((3, 48, 56, 3), np.uint8), photometric="rgb")
    out = tmp_path / "labels.tif"
    for files, words, sentence in (
        ((red, green), (), "add --as-channels to look at them as the channels"),
        ((red, short), ("--as-channels",), "must be of one size"),
        ((red, colour), ("--as-channels",), "has channels of its own"),
        ((red, green), ("--as-channels", "--channels", "2"), "Channel 2 does not"),
        ((), (), "Say which STACK"),
    ):
        said = cli("track", *files, "-o", out, *POINT, *words)
        assert said.code == 2
        assert sentence in said.err
    said = cli("track", red, green, "--as-channels", "-o", green, *POINT, "--overwrite")
    assert "is an input and is never replaced" in said.err


def test_the_stack_may_come_last(cli, colours, tmp_path):
    out = tmp_path / "labels.tif"
    assert cli("track", "-o", out, *POINT, colours[0]).code == 0
