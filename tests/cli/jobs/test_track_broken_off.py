"""What is finished is kept of a run that breaks off or cannot be written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile

from tests.cli.test_track import FIRST, rows_of, write_video
from tests.conftest import discs


def cut_off(path, frame: int) -> None:
    """Cut a file within the pixels of a frame."""
    with tifffile.TiffFile(path) as file:
        offset = file.series[0].dataoffset
        size = file.pages[0].nbytes
    with path.open("r+b") as file:
        file.truncate(offset + frame * size + size // 2)


@pytest.mark.parametrize("start", [0, 2])
def test_finished_frames_of_a_broken_file_are_kept(
    cli, stack, tmp_path, true_labels, start
):
    cut_off(stack, 4)
    seeds, out = tmp_path / "seeds.tif", tmp_path / "labels.tif"
    table, overlay = tmp_path / "objects.csv", tmp_path / "overlay.png"
    tifffile.imwrite(seeds, true_labels[start])
    said = cli(
        "track", stack, "-o", out, "--mask", f"{start}:{seeds}", "--table", table,
        "--overlay", overlay,
    )  # fmt: skip
    assert said.code == 1
    assert "Picture 4 (counted from 0)" in said.err
    assert "rames 0–3 are finished; the rest is empty." in said.err
    assert len(said.err.splitlines()) == 1
    found = tifffile.imread(out)
    assert [f for f in range(6) if found[f].any()] == [0, 1, 2, 3]
    assert {row["frame"] for row in rows_of(table)} == {"0", "1", "2", "3"}
    assert overlay.is_file()


def test_finished_frames_of_a_broken_video_are_kept(cli, tmp_path):
    path, out = tmp_path / "in.mp4", tmp_path / "labels.tif"
    write_video(path, 8)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    said = cli("track", path, "-o", out, *FIRST)
    assert said.code == 1
    # How many of them lie in two thirds of the file is the encoder's business.
    told = r"Frames? 0(?:–(\d))? (?:is|are) finished; the rest is empty"
    finished = re.search(told, said.err)
    assert finished is not None, said.err
    found = tifffile.imread(out)
    assert len(found) == 8
    last = int(finished[1] or 0)
    assert [f for f in range(8) if found[f].any()] == [*range(last + 1)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_ctrl_c_keeps_finished_frames(tmp_path):
    path, out = tmp_path / "long.npy", tmp_path / "labels.tif"
    np.save(path, np.concatenate([discs(12, (48, 64))[0]] * 100))
    ready = tmp_path / "ready"
    program = (
        "import pathlib, sys\n"
        "ready = pathlib.Path(sys.argv.pop())\n"
        "from napari_sam2.cli import main\n"
        "from napari_sam2.cli.jobs import carry_out\n"
        "take = carry_out._Collected.take\n"
        "def told(self, result):\n"
        "    take(self, result)\n"
        "    if result.frame == 1: ready.touch()\n"
        "carry_out._Collected.take = told\n"
        "main.run()\n"
    )
    words = ["track", path, "-o", out, "--point", "1:0,17,16", "--axis", "0", ready]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not ready.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping; wait for what is finished. Ctrl-C again does not wait" in err
    assert "Stopped. Frames 0–" in err
    assert "are finished; the rest is empty." in err
    assert "Traceback" not in err
    found = tifffile.imread(out)
    assert len(found) == 1200
    assert found[0].any()
    assert not found[-1].any()


def test_ctrl_c_before_the_first_frame_writes_nothing(
    cli, stack, tmp_path, monkeypatch
):
    def stopped(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_sam2.cli.jobs.carry_out.follow", stopped)
    out = tmp_path / "labels.tif"
    said = cli("track", stack, "-o", out, *FIRST)
    assert said.code == 130
    assert "Stopped" in said.err
    assert not out.exists()


def test_labels_survive_a_table_that_cannot_be_written(
    cli, stack, tmp_path, monkeypatch
):
    def locked(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")  # open in a spreadsheet, say

    monkeypatch.setattr("napari_sam2.io.writing.table.TableWriter.save", locked)
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    words = ("track", stack, "-o", out, *FIRST, "--frames", "0:2")
    said = cli(*words, "--table", table)
    assert said.code == 2
    assert f"{table} could not be written: Permission denied." in said.err
    assert f"{out} is written." in said.err
    assert tifffile.imread(out)[0].any()
    assert not table.exists()
