"""``napari-sam2 track`` writes what was asked for, where it was asked for."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from torch._inductor import config as inductor_config

from napari_sam2.io.reading.stack import open_stack
from tests.conftest import discs

FIRST = ("--point", "1:0,22,20")
SECOND = ("--point", "2:0,42,60")


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_masks_stay_on_their_objects(cli, stack, tmp_path, true_labels):
    out = tmp_path / "labels.tif"
    said = cli("track", stack, "-o", out, *FIRST, *SECOND)
    assert said.code == 0
    assert said.err == ""  # no bar where nobody watches
    assert "2 objects on frames 0–5" in said.out
    assert str(out) in said.out
    found = tifffile.imread(out)
    assert found.shape == true_labels.shape
    for object_id in (1, 2):
        mine, true = found == object_id, true_labels == object_id
        assert np.count_nonzero(mine & true) > 0.3 * np.count_nonzero(mine | true)


def test_axes_and_pixel_sizes_are_kept(cli, stack, tmp_path):
    out = tmp_path / "labels.tif"
    assert cli("track", stack, "-o", out, *FIRST, "--frames", "0:2").code == 0
    assert open_stack(out).axes == open_stack(stack).axes


def test_the_table_agrees_with_the_labels(cli, stack, tmp_path):
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    prompts = ("--point", "1:3,22,26", *SECOND)  # the first object comes later
    assert cli("track", stack, "-o", out, "--table", table, *prompts).code == 0
    found, rows = tifffile.imread(out), rows_of(table)
    order = [(int(row["frame"]), int(row["object"])) for row in rows]
    assert order == [(frame, i) for frame in range(6) for i in (1, 2)]
    for row in rows:
        mask = found[int(row["frame"])] == int(row["object"])
        assert int(row["area"]) == np.count_nonzero(mask)
        assert float(row["area_um2"]) == pytest.approx(int(row["area"]) / 4)


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_an_overlay_is_a_picture(cli, stack, tmp_path, suffix):
    from PIL import Image

    overlay = tmp_path / f"overlay{suffix}"
    out = tmp_path / "labels.tif"
    words = ("track", stack, "-o", out, *FIRST, "--overlay", overlay)
    assert cli(*words, "--frames", "0:3").code == 0
    with Image.open(overlay) as picture:
        assert min(picture.size) >= 64
        assert getattr(picture, "n_frames", 1) == (3 if suffix == ".gif" else 1)


def test_flags_masks_and_files_add_up(cli, stack, tmp_path, true_labels):
    seeds, prompts = tmp_path / "seeds.tif", tmp_path / "prompts.json"
    tifffile.imwrite(seeds, np.where(true_labels[1] == 2, 7, 0).astype(np.uint8))
    entry = {"id": 3, "name": "left", "prompts": [{"frame": 0, "points": [[22, 20]]}]}
    prompts.write_text(json.dumps({"version": 1, "objects": [entry]}))
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    said = cli(
        "track", stack, "-o", out, "--table", table, "--mask", f"1:{seeds}",
        "--prompts", prompts, "--box", "300:0,50,2,62,14", "--frames", "0:2",
    )  # fmt: skip
    assert said.code == 0
    assert {row["object"] for row in rows_of(table)} == {"3", "7", "300"}
    assert {row["name"] for row in rows_of(table)} == {"left", ""}
    found = tifffile.imread(out)
    assert found.dtype == np.uint16  # 300 does not fit into eight bits
    overlap = np.count_nonzero((found[1] == 7) & (true_labels[1] == 2))
    assert overlap > 0.8 * np.count_nonzero(true_labels[1] == 2)


def test_every_drawn_frame_of_a_label_stack_is_a_prompt(
    cli, stack, tmp_path, true_labels
):
    seeds, table = tmp_path / "seeds.tif", tmp_path / "objects.csv"
    drawn = np.where(true_labels == 1, true_labels, 0)
    drawn[1:4] = drawn[5] = 0
    tifffile.imwrite(seeds, drawn)
    words = ("track", stack, "-o", tmp_path / "l.tif", "--table", table)
    assert cli(*words, "--mask", seeds).code == 0
    sure = {row["frame"] for row in rows_of(table) if float(row["predicted_iou"]) == 1}
    assert {"0", "4"} <= sure


@pytest.mark.parametrize(
    ("direction", "span", "filled"),
    [
        ("forward", "0:6", [3, 4, 5]),
        ("backward", "0:6", [0, 1, 2, 3]),
        ("both", "2:5", [2, 3, 4]),
        ("both", "4:", [4, 5]),
        ("both", ":3", [0, 1, 2]),
    ],
)
def test_only_the_asked_frames_are_filled(
    cli, stack, tmp_path, true_labels, direction, span, filled
):
    seeds, out = tmp_path / "seeds.tif", tmp_path / "labels.tif"
    tifffile.imwrite(seeds, true_labels[3])
    words = ("track", stack, "-o", out, "--mask", f"3:{seeds}")
    assert cli(*words, "--direction", direction, "--frames", span).code == 0
    found = tifffile.imread(out)
    assert len(found) == 6
    assert [f for f in range(6) if found[f].any()] == filled


def test_a_window_finds_what_whole_frames_do_not_show(cli, tmp_path):
    path, (y, x) = tmp_path / "large.tif", np.ogrid[:1500, :1600]
    frames = np.random.default_rng(0).normal(100, 10, (3, 1500, 1600))
    truth = np.stack([np.hypot(y - 800, x - 900 - 5 * t) < 11 for t in range(3)])
    tifffile.imwrite(path, (frames + 80 * truth).astype(np.uint16))
    found = {}
    for window in ("off", "auto"):
        out = tmp_path / f"{window}.tif"
        words = ("track", path, "-o", out, "--box", "1:0,789,889,811,911")
        assert cli(*words, "--limits", "60,220", "--window", window).code == 0
        mask = tifffile.imread(out) == 1
        found[window] = (mask & truth).sum() / (mask | truth).sum()
    assert found["auto"] > max(0.5, 2 * found["off"])


def test_an_axis_of_a_4d_stack_is_chosen(cli, tmp_path):
    movie, labels = discs(4, (48, 64))
    path, out = tmp_path / "tzyx.tif", tmp_path / "labels.tif"
    tifffile.imwrite(path, np.stack([0 * movie, movie], 1), metadata={"axes": "TZYX"})
    words = ("track", path, "-o", out, "--point", "1:0,17,16")
    assert cli(*words, "--axis", "t", "--at", "z=1").code == 0
    assert tifffile.imread(out).shape == labels.shape


def write_volume(path, volume, axes="ZYX") -> None:
    """Write a volume of 0.25 × 0.5 × 0.5 µm voxels, as OME-TIFF."""
    sizes = {"PhysicalSizeZ": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeX": 0.5}
    about = {"axes": axes, **sizes}
    tifffile.imwrite(path, volume, ome=True, photometric="minisblack", metadata=about)


@pytest.mark.parametrize(("axis", "place"), [("z", 0), ("y", 1), ("x", 2)])
def test_a_volume_is_followed_along_any_axis_and_written_as_it_lies(
    cli, stack, tmp_path, axis, place
):
    usual, path, out = (tmp_path / n for n in ("usual.tif", "v.ome.tif", "l.tif"))
    assert cli("track", stack, "-o", usual, *FIRST, *SECOND).code == 0
    write_volume(path, np.moveaxis(discs(6, (64, 80))[0], 0, place))
    assert cli("track", path, "-o", out, "--axis", axis, *FIRST, *SECOND).code == 0
    found = tifffile.imread(out)
    assert {1, 2} <= set(np.unique(found))
    np.testing.assert_array_equal(np.moveaxis(found, place, 0), tifffile.imread(usual))
    assert open_stack(out).axes == open_stack(path).axes


def test_a_volume_of_a_4d_stack_with_channels_is_followed_along_x(cli, tmp_path):
    path, out = tmp_path / "tczyx.ome.tif", tmp_path / "labels.tif"
    volume = np.moveaxis(discs(4, (48, 64))[0], 0, 2)
    both = np.stack([0 * volume, volume])
    write_volume(path, np.stack([0 * both, both]), "TCZYX")
    words = ("track", path, "-o", out, "--axis", "x", "--at", "t=1", "--channels", "1")
    assert cli(*words, "--point", "1:0,17,16").code == 0
    found = open_stack(out)
    assert found.shape == volume.shape
    assert "".join(axis.name for axis in found.axes) == "zyx"
    assert tifffile.imread(out)[..., 0].any()


def test_nothing_is_left_when_following_along_another_axis_fails(cli, tmp_path):
    path, out = tmp_path / "v.ome.tif", tmp_path / "labels.tif"
    write_volume(path, np.moveaxis(discs(4, (48, 64))[0], 0, 1))
    said = cli("track", path, "-o", out, "--axis", "y", "--point", "1:4,17,16")
    assert said.code == 2
    assert "Frame 4 does not exist" in said.err
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_bleaching_is_corrected_for_the_model_and_not_in_the_table(cli, tmp_path):
    movie = discs(8, (64, 80))[0].astype(np.float64)
    faded = movie * np.exp(-0.3 * np.arange(8))[:, None, None]
    found = {}
    for name, frames in (("flat", movie), ("faded", faded)):
        path, out, table = (tmp_path / f"{name}{s}" for s in (".tif", "_l.tif", ".csv"))
        tifffile.imwrite(path, frames.astype(np.float32), photometric="minisblack")
        words = ("track", path, "-o", out, "--table", table, *FIRST, *SECOND)
        assert cli(*words, "--correct-bleaching").code == 0
        found[name] = tifffile.imread(out)
    agree = np.count_nonzero((found["flat"] > 0) & (found["faded"] > 0))
    assert agree > 0.95 * np.count_nonzero((found["flat"] > 0) | (found["faded"] > 0))
    said = json.loads((tmp_path / "faded.csv.json").read_text())
    assert said["settings"] == {"window": "auto", "bleaching": "corrected"}
    means = [float(r["mean_intensity"]) for r in rows_of(table) if r["object"] == "1"]
    assert means[-1] < 0.3 * means[0]


def test_a_quality_changes_what_the_model_sees_and_is_said(cli, stack, tmp_path):
    found, said = {}, {}
    for name, words in {
        "plain": (),
        "exact": ("--quality", "exact"),
        "auto": ("--quality", "auto", "--device", "cpu"),
        "fast": ("--quality", "fast"),
        "sized": ("--quality", "fast", "--image-size", "256"),
    }.items():
        out, table = tmp_path / f"{name}.tif", tmp_path / f"{name}.csv"
        made = ("track", stack, "-o", out, "--table", table, *FIRST, *SECOND)
        told = cli(*made, *words)
        assert told.code == 0
        assert ("(fast)" in told.out) == ("fast" in words)
        assert ("--quality auto is exact here." in told.err) == ("auto" in words)
        found[name] = tifffile.imread(out)
        said[name] = json.loads((tmp_path / f"{name}.csv.json").read_text())
    for name in ("exact", "auto"):  # of a small model, automatically
        np.testing.assert_array_equal(found[name], found["plain"])
        assert "quality" not in said[name]["settings"]
    assert {1, 2} <= set(np.unique(found["fast"]))
    assert not np.array_equal(found["fast"], found["plain"])
    assert not np.array_equal(found["fast"], found["sized"])
    assert said["fast"]["settings"]["quality"]["size_share"] == 0.5
    assert said["sized"]["settings"]["image_size"] == 256


def test_negative_limits_are_no_flag(cli, tmp_path):
    path, out = tmp_path / "ct.tif", tmp_path / "labels.tif"
    tifffile.imwrite(path, discs(2, (48, 64))[0].astype(np.int16) * 10 - 1000)
    words = ("track", path, "-o", out, "--point", "1:0,17,16")
    assert cli(*words, "--limits", "-1000,1000").code == 0


def write_video(path, count: int) -> None:
    av = pytest.importorskip("av")
    noise = np.random.default_rng(0).integers(0, 30, (count, 64, 80), np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.height, stream.width, stream.pix_fmt = 64, 80, "yuv420p"
        stream.gop_size = 1  # frames of about the same length
        for grey in discs(count, (64, 80))[0] + noise:
            rgb = np.repeat(grey[..., None], 3, axis=2)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        file.mux(stream.encode())


def test_a_video_is_tracked_and_drawn(cli, tmp_path):
    path, out, overlay = (tmp_path / n for n in ("in.mp4", "l.tif", "over.mp4"))
    write_video(path, 3)
    assert cli("track", path, "-o", out, *FIRST, "--overlay", overlay).code == 0
    drawn = open_stack(overlay)
    assert drawn.shape[0] == tifffile.imread(out).shape[0] == 3
    assert drawn.axes[0].scale == pytest.approx(0.2)


def test_overwrite_replaces(cli, stack, tmp_path):
    out = tmp_path / "labels.tif"
    out.write_text("old")
    words = ("track", stack, "-o", out, *FIRST, "--frames", "0:1")
    assert cli(*words, "--overwrite").code == 0
    assert tifffile.imread(out).shape == (6, 64, 80)


@pytest.mark.parametrize("shape", [(64, 80), (1, 64, 80), (3, 1, 1), (1, 1)])
def test_one_frame_and_one_pixel_are_stacks_too(cli, tmp_path, shape):
    path, out = tmp_path / "small.tif", tmp_path / "labels.tif"
    tifffile.imwrite(path, np.full(shape, 9, np.uint8), photometric="minisblack")
    assert cli("track", path, "-o", out, "--point", "1:0,0,0").code == 0
    found = tifffile.imread(out)
    assert found.size == np.prod(shape)


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
    finished = re.search(r"rames 0–(\d) are finished; the rest is empty", said.err)
    assert finished is not None, said.err
    found = tifffile.imread(out)
    assert len(found) == 8
    assert [f for f in range(8) if found[f].any()] == [*range(int(finished[1]) + 1)]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_ctrl_c_keeps_finished_frames(tmp_path):
    path, out = tmp_path / "long.npy", tmp_path / "labels.tif"
    np.save(path, np.concatenate([discs(12, (48, 64))[0]] * 100))
    ready = tmp_path / "ready"
    program = (
        "import pathlib, sys\n"
        "ready = pathlib.Path(sys.argv.pop())\n"
        "from napari_sam2.cli import carry_out, main\n"
        "take = carry_out._Keeper.take\n"
        "def told(self, result):\n"
        "    take(self, result)\n"
        "    if result.frame == 1: ready.touch()\n"
        "carry_out._Keeper.take = told\n"
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

    monkeypatch.setattr("napari_sam2.cli.carry_out.follow", stopped)
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
    assert f"{out} is complete." in said.err
    assert tifffile.imread(out)[0].any()
    assert not table.exists()


def test_without_a_compiler_the_model_is_used_as_it_is(cli, stack, tmp_path, caplog):
    out = tmp_path / "labels.tif"
    words = ("track", stack, "-o", out, "--point", "1:0,22,20", "--compile")
    with inductor_config.patch({"cpp.cxx": ("no-such-compiler",)}):
        assert cli(*words, "--device", "cpu").code == 0
    assert tifffile.imread(out).any()
    assert "The model is not compiled. PyTorch compiles for the pro" in caplog.text
