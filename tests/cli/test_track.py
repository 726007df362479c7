"""``napari-sam2 track`` writes what was asked for, where it was asked for."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile
from torch._inductor import config as inductor_config

from napari_sam2.io.reading.folder import read_picture
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


@pytest.mark.parametrize(
    "outputs", [("--table", "o.csv"), ("--overlay", "o.gif", "--overlay", "o.png")]
)
def test_frames_that_are_measured_or_shown_are_decoded_once(
    cli, stack, tmp_path, monkeypatch, outputs
):
    monkeypatch.chdir(tmp_path)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for frame, pixels in enumerate(tifffile.imread(stack)):
        tifffile.imwrite(pictures / f"{frame}.tif", pixels)
    read = []

    def count(path, **choice):
        read.append(path.name)
        return read_picture(path, **choice)

    monkeypatch.setattr("napari_sam2.io.reading.folder.read_picture", count)
    words = ("-o", "labels.tif", *outputs, "--limits", "0,255", *FIRST)
    assert cli("track", pictures, *words).code == 0
    _, *tracked = read  # the first one was looked at to open the folder
    assert sorted(tracked) == [f"{frame}.tif" for frame in range(6)]


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


@pytest.mark.parametrize(
    ("direction", "span", "frame"),
    [("backward", "3:6", 0), ("forward", "0:2", 4), ("backward", "5:6", 4)],
)
def test_a_run_that_comes_to_no_object_is_refused(
    refuse, stack, direction, span, frame
):
    words = ("--point", f"1:{frame},22,20", "--direction", direction, "--frames", span)
    saying = f"Object 1 is prompted on frame {frame}, and going {direction} from there"
    refuse(stack, *words, saying=saying)


def test_objects_that_a_run_does_not_come_to_are_told_and_not_counted(
    cli, stack, tmp_path
):
    out = tmp_path / "labels.tif"
    points = ("--point", "1:0,22,20", "--point", "2:4,22,24")
    words = ("--direction", "backward", "--frames", "3:6")
    said = cli("track", stack, "-o", out, *points, *words)
    assert said.code == 0
    assert said.out.startswith("1 object on frames 3–4")
    assert "Object 1 is prompted on frame 0, and going backward from there" in said.err
    assert "never comes to frames 3–5: it is not followed from there." in said.err
    assert set(np.unique(tifffile.imread(out))) == {0, 2}


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
    assert said["settings"].keys() == {"window", "bleaching", "limits"}
    assert said["settings"]["bleaching"] == "corrected"
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


def test_without_a_compiler_the_model_is_used_as_it_is(cli, stack, tmp_path, caplog):
    out = tmp_path / "labels.tif"
    words = ("track", stack, "-o", out, "--point", "1:0,22,20", "--compile")
    with inductor_config.patch({"cpp.cxx": ("no-such-compiler",)}):
        assert cli(*words, "--device", "cpu").code == 0
    assert tifffile.imread(out).any()
    assert "The model is not compiled. PyTorch compiles for the pro" in caplog.text
