"""``track --axes z,y,x --fuse``: a volume followed along several axes."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile

from napari_sam2.cli.jobs import everywhere
from napari_sam2.io.reading.stack import open_stack
from tests.cli.stopping import stopping_after

BOX = ("--box", "1:5,3,4,13,14")
FUSE = ("--axes", "z,y,x", "--fuse")


def ball() -> tuple[np.ndarray, np.ndarray]:
    """Return a (Z, Y, X) volume with a bright ball, and the ball."""
    z, y, x = np.ogrid[:10, :16, :18]
    inside = (z - 5) ** 2 + (y - 8) ** 2 + (x - 9) ** 2 < 22
    noise = np.random.default_rng(0).normal(40, 4, inside.shape)
    return (noise + 150 * inside).astype(np.uint8), inside


@pytest.fixture
def volume(tmp_path):
    path = tmp_path / "ball.tif"
    about = {"axes": "ZYX", "unit": "um", "spacing": 0.5}
    pixels = ball()[0]
    tifffile.imwrite(path, pixels, imagej=True, resolution=(2.0, 2.0), metadata=about)
    return path


def test_a_ball_is_found_from_one_box(cli, volume, tmp_path):
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    overlay = tmp_path / "overlay.png"
    said = cli(
        "track", volume, "-o", out, *FUSE, *BOX, "--table", table, "--overlay", overlay
    )
    assert (said.code, said.err) == (0, "")
    assert "1 object, frames 0–9, fused along z, y, x" in said.out
    assert open_stack(out).axes == open_stack(volume).axes
    found, true = tifffile.imread(out) == 1, ball()[1]
    assert np.count_nonzero(found & true) > 0.7 * np.count_nonzero(found | true)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["area"]) for row in rows] == found.sum((1, 2)).tolist()
    assert overlay.stat().st_size > 1000
    assert not list(tmp_path.glob("*.unfinished"))


def test_the_first_axis_is_that_of_prompts_and_frames(cli, volume, tmp_path):
    out = tmp_path / "labels.tif"
    words = ("--axes", "x,z", "--fuse", "--box", "1:9,0,3,9,12", "--frames", "7:12")
    said = cli("track", volume, "-o", out, *words)
    assert said.code == 0
    found = tifffile.imread(out)
    assert found.shape == (10, 16, 18)
    filled = np.flatnonzero(found.any((0, 1)))
    assert (filled.min(), filled.max()) == (7, 11)


def test_what_was_stopped_goes_on_with_the_axis_that_it_was_at(
    cli, volume, tmp_path, monkeypatch
):
    whole, out = tmp_path / "whole.tif", tmp_path / "labels.tif"
    course = ("--axes", "z,y", "--fuse")
    assert cli("track", volume, "-o", whole, *course, *BOX).code == 0
    words = ("track", volume, "-o", out, *course, *BOX, "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(80))
        said = cli(*words)
    assert said.code == 130
    assert "Stopped along y. What is finished is kept in" in said.err
    assert cli(*words).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), tifffile.imread(whole))


def test_every_time_of_a_4d_stack_is_fused(cli, tmp_path):
    path, out = tmp_path / "balls.tif", tmp_path / "labels.tif"
    pixels = np.stack([ball()[0], np.roll(ball()[0], 2, axis=1)])
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TZYX"})
    words = ("--axes", "z,y", "--fuse", "--every", "t")
    said = cli("track", path, "-o", out, *words, *BOX)
    assert said.code == 0
    assert "1 object at t = 0–1, frames 0–9, fused along z, y" in said.out
    found = tifffile.imread(out) == 1
    for t, shift in ((0, 0), (1, 2)):
        true = np.roll(ball()[1], shift, axis=1)
        assert np.count_nonzero(found[t] & true) > 0.6 * np.count_nonzero(
            found[t] | true
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--axes", "z,y"), "--axes and --fuse go together"),
        (("--fuse",), "--axes and --fuse go together"),
        (("--axes", "z", "--fuse"), "two or three different axes"),
        (("--axes", "z,z", "--fuse"), "two or three different axes"),
        (("--axes", "z,w", "--fuse"), "There is no axis w"),
        ((*FUSE, "--axis", "z"), "either --axis or --axes"),
        ((*FUSE, "--every", "y"), "Positions cannot be along y"),
        ((*FUSE, "--correct-bleaching"), "cannot be joined with --fuse"),
    ],
)
def test_what_makes_no_sense_is_told(cli, volume, tmp_path, words, sentence):
    said = cli("track", volume, "-o", tmp_path / "labels.tif", *BOX, *words)
    assert said.code == 2
    assert sentence in said.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ball.tif"]
