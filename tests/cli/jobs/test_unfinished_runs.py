"""``track --resume``: what was finished when a run broke off is not done again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile

from napari_sam2.cli.jobs import everywhere
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.model.sam2 import Sam2Model
from tests.cli.stopping import stopping_after
from tests.cli.volumes import FIRST, PLAIN, drifting


def test_a_run_that_was_stopped_goes_on_where_it_was(cli, tzyx, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.tif", tmp_path / "labels.tif"
    assert cli("track", tzyx, "-o", whole, *PLAIN, *FIRST).code == 0
    words = ("track", tzyx, "-o", out, *PLAIN, *FIRST, "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(8))
        said = cli(*words)
    assert said.code == 130
    assert "Stopped at t = 1 of 3. 1 of 3 positions are kept in" in said.err
    assert not out.exists()
    kept = tmp_path / "labels.tif.unfinished"
    assert [one.name for one in sorted(kept.glob("*.zip"))] == ["000000.zip"]
    before = (kept / "000000.zip").stat().st_mtime_ns
    said = cli(*words[:-1])
    assert said.code == 2
    assert "add --resume to go on with it, or remove that folder" in said.err
    faster = cli(*words, "--quality", "fast")
    assert faster.code == 2
    assert "another model (--quality)" in faster.err
    monkeypatch.setattr(Sam2Model, "precision", "bfloat16")
    rounding = cli(*words)
    assert "begun with products in another precision (float32)" in rounding.err
    monkeypatch.undo()

    def stopped(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("napari_sam2.engine.loading.load_model", stopped)
        said = cli(*words)
    assert said.code == 130
    assert "1 of 3 positions are kept in" in said.err
    assert (kept / "000000.zip").stat().st_mtime_ns == before
    assert cli(*words).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), tifffile.imread(whole))
    assert not kept.exists()


def test_limits_are_those_that_the_run_was_begun_with(cli, tzyx, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.tif", tmp_path / "labels.tif"
    assert cli("track", tzyx, "-o", whole, *PLAIN, *FIRST).code == 0
    words = ("track", tzyx, "-o", out, *PLAIN, *FIRST, "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(8))
        assert cli(*words).code == 130
    another = "napari_sam2.control.volumes.sight.estimate_limits"
    monkeypatch.setattr(another, lambda *_: as_limits(0, 9999))
    assert cli(*words).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), tifffile.imread(whole))


def test_an_unfinished_run_is_not_mixed_with_another(cli, tzyx, tmp_path, monkeypatch):
    command = ("track", tzyx, "-o", tmp_path / "l.tif", "--axis", "z", "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(8))
        assert cli(*command, "--every", "t", *FIRST).code == 130
    for change, words in (
        (("--every", "t", "--point", "1:0,17,14"), "other prompts"),
        (("--every", "t", *FIRST, "--seed", "masks"), "other settings (--seed)"),
        (("--every", "t", *FIRST, "--limits", "0,200"), "other settings (--limits)"),
        (("--every", "t=0:2", *FIRST), "other axes (--every)"),
    ):
        said = cli(*command, *change)
        assert said.code == 2
        assert f"was begun with {words}: give the command as it was" in said.err
    pixels = drifting()[0][:2]
    tifffile.imwrite(tzyx, pixels, imagej=True, metadata={"axes": "TZYX"})
    said = cli(*command, "--every", "t", *FIRST)
    assert "was begun with other axes (--every)" in said.err


def test_an_image_that_was_edited_at_a_finished_position_is_told(
    cli, tzyx, tmp_path, monkeypatch
):
    whole, out = tmp_path / "whole.tif", tmp_path / "labels.tif"
    assert cli("track", tzyx, "-o", whole, *PLAIN, *FIRST).code == 0
    words = ("track", tzyx, "-o", out, *PLAIN, *FIRST, "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(8))
        assert cli(*words).code == 130
    intact, pixels = tzyx.read_bytes(), drifting()[0]
    pixels[0, 1, 3, 5] += 1
    tifffile.imwrite(tzyx, pixels, imagej=True, metadata={"axes": "TZYX"})
    said = cli(*words)
    assert said.code == 2
    assert "Frame 1 at t = 0 of 3 is not as it was when the run in" in said.err
    assert "give the image as it was, or remove that folder" in said.err
    tzyx.write_bytes(intact)  # as a copy is
    said = cli(*words)
    assert said.code == 0
    assert "comparing the frames that it has seen" in said.err
    np.testing.assert_array_equal(tifffile.imread(out), tifffile.imread(whole))


def test_a_stop_before_the_first_position_leaves_nothing(
    cli, tzyx, tmp_path, monkeypatch
):
    monkeypatch.setattr(everywhere, "stop_on_interrupt", lambda: stopping_after(1))
    said = cli("track", tzyx, "-o", tmp_path / "labels.tif", *PLAIN, *FIRST)
    assert said.code == 130
    assert "Nothing was finished, and nothing was written" in said.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cells.tif"]


def test_a_stop_before_the_work_began_says_so(cli, tzyx, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(everywhere, "work_on", stopped)
    said = cli("track", tzyx, "-o", tmp_path / "labels.tif", *PLAIN, *FIRST)
    assert said.code == 130
    assert "napari-sam2: Stopped. Nothing was finished" in said.err


def test_a_slice_that_cannot_be_read_costs_only_what_lies_behind(cli, tmp_path):
    path, out = tmp_path / "cells.tif", tmp_path / "labels.tif"
    about = {"axes": "TZYX"}
    tifffile.imwrite(path, drifting()[0], compression="zlib", metadata=about, ome=True)
    with tifffile.TiffFile(path) as file:
        page = file.pages[4]  # t = 1, z = 1
        start, count = page.dataoffsets[0], page.databytecounts[0]
    damaged = bytearray(path.read_bytes())
    damaged[start : start + count] = b"\xff" * count
    path.write_bytes(damaged)
    said = cli("track", path, "-o", out, *PLAIN, *FIRST)
    assert said.code == 1
    assert "At t = 1 of 3: Picture 4 (counted from 0)" in said.err
    found = tifffile.imread(out)
    filled = [[bool(found[t, z].any()) for z in range(3)] for t in range(3)]
    assert filled == [[True] * 3, [True, False, False], [True] * 3]


def test_a_full_disk_leaves_what_is_finished(cli, tzyx, tmp_path, full_disk):
    out = tmp_path / "labels.tif"
    words = ("track", tzyx, "-o", out, *PLAIN, *FIRST, "--resume")
    full_disk(2000)
    said = cli(*words)
    assert said.code == 2
    assert "the disk is full" in said.err
    assert "3 of 3 positions are kept in" in said.err
    full_disk(10**9)
    assert cli(*words).code == 0
    assert tifffile.imread(out).any(axis=(2, 3)).all()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_run_that_was_killed_goes_on(cli, tzyx, tmp_path):
    whole, out = tmp_path / "whole.tif", tmp_path / "labels.tif"
    words = [*PLAIN, *FIRST, "--resume"]
    command = [sys.executable, "-m", "napari_sam2", "track", str(tzyx), "-o", str(out)]
    running = subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL)
    kept = tmp_path / "labels.tif.unfinished"
    until = time.monotonic() + 120
    while not list(kept.glob("*.zip")) and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not out.exists()
    assert cli("track", tzyx, "-o", out, *words).code == 0
    assert cli("track", tzyx, "-o", whole, *words).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), tifffile.imread(whole))
