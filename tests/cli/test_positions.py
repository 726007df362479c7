"""``track --every``: every position of a stack with more axes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

from napari_sam2.io.reading.stack import open_stack
from tests.cli.volumes import FIRST, PLAIN, SHAPE, drifting


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def overlap(found, true) -> float:
    return np.count_nonzero(found & true) / np.count_nonzero(found | true)


def test_an_object_is_found_at_every_time(cli, tzyx, tmp_path):
    out, table = tmp_path / "labels.tif", tmp_path / "objects.csv"
    said = cli("track", tzyx, "-o", out, *PLAIN, "--table", table, *FIRST)
    assert (said.code, said.err) == (0, "")
    assert "1 object at t = 0–2, frames 0–2" in said.out
    assert open_stack(out).axes == open_stack(tzyx).axes
    found, true = tifffile.imread(out), drifting()[1]
    assert found.shape == SHAPE
    for t in range(3):
        assert overlap(found[t] == 1, true[t] == 1) > 0.5
    rows = rows_of(table)
    assert [(row["t"], row["frame"]) for row in rows] == [
        (str(t), str(z)) for t in range(3) for z in range(3)
    ]
    for row in rows:
        plane = found[int(row["t"]), int(row["frame"])]
        assert int(row["area"]) == np.count_nonzero(plane == 1)
        assert float(row["t_s"]) == 3 * int(row["t"])
    prompted = [(row["t"], row["frame"]) for row in rows if row["prompted"] == "1"]
    assert prompted == [("0", "0")]
    assert not (tmp_path / "labels.tif.unfinished").exists()


def test_along_t_at_every_z_the_labels_lie_as_the_stack(cli, tzyx, tmp_path):
    out = tmp_path / "labels.tif"
    words = ("--axis", "t", "--every", "z=1:", "--seed", "masks")
    said = cli("track", tzyx, "-o", out, *words, "--point", "1:z=2,0,16,16")
    assert said.code == 0
    assert "at z = 1–2, frames 0–2" in said.out
    assert open_stack(out).axes == open_stack(tzyx).axes
    found = tifffile.imread(out)
    assert found.shape == SHAPE
    assert [bool(found[:, z].any()) for z in range(3)] == [False, True, True]


def test_prompts_name_their_position_or_are_where_at_says(cli, tzyx, tmp_path):
    out, prompts = tmp_path / "labels.tif", tmp_path / "prompts.json"
    seeds = tmp_path / "seeds.tif"
    true = drifting()[1]
    tifffile.imwrite(seeds, np.where(true[2, 1] == 2, 9, 0).astype(np.uint8))
    entry = {"id": 4, "prompts": [{"at": {"t": 1}, "frame": 0, "points": [[16, 16]]}]}
    prompts.write_text(json.dumps({"version": 1, "objects": [entry]}))
    words = ("--prompts", prompts, "--mask", f"t=2,1:{seeds}", "--seed", "none")
    said = cli(
        "track", tzyx, "-o", out, *PLAIN, *words,
        "--at", "t=2", "--box", "5:0,10,10,24,26",
    )  # fmt: skip
    assert said.code == 0
    found = tifffile.imread(out)
    ids = [set(np.unique(found[t]).tolist()) - {0} for t in range(3)]
    assert ids == [set(), {4}, {5, 9}]


def test_labels_of_all_positions_are_prompts_where_they_are(cli, tzyx, tmp_path):
    out, seeds = tmp_path / "labels.tif", tmp_path / "seeds.tif"
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[0, 1], drawn[2, 2] = drifting()[1][0, 1], drifting()[1][2, 2]
    tifffile.imwrite(seeds, drawn, imagej=True, metadata={"axes": "TZYX"})
    words = (*PLAIN, "--seed", "none", "--mask", seeds)
    assert cli("track", tzyx, "-o", out, *words).code == 0
    found = tifffile.imread(out)
    np.testing.assert_array_equal(found[0, 1], drawn[0, 1])
    np.testing.assert_array_equal(found[2, 2], drawn[2, 2])
    assert not found[1].any()
    words = (*PLAIN, "--seed", "none", "--mask", f"t=2,2:{seeds}", "--overwrite")
    assert cli("track", tzyx, "-o", out, *words).code == 0
    assert np.flatnonzero(tifffile.imread(out).any((1, 2, 3))).tolist() == [2]
    empty = np.zeros(SHAPE, np.uint8)
    tifffile.imwrite(seeds, empty, imagej=True, metadata={"axes": "TZYX"})
    assert "shows no object" in cli("track", tzyx, "-o", out, *words).err
    tifffile.imwrite(seeds, drawn, imagej=True, metadata={"axes": "TCYX"})
    assert cli("track", tzyx, "-o", out, *words).code == 0  # ImageJ means z
    np.testing.assert_array_equal(tifffile.imread(out)[2, 2], drawn[2, 2])
    tifffile.imwrite(seeds, drawn[:, :2], imagej=True, metadata={"axes": "TZYX"})
    said = cli("track", tzyx, "-o", out, *words)
    assert "labels of a whole image must be as large as it is" in said.err


@pytest.mark.parametrize("ending", [".ome.zarr", ".nii.gz"])
def test_other_formats_hold_the_positions_too(cli, tzyx, tmp_path, ending):
    pytest.importorskip("zarr" if ending == ".ome.zarr" else "nibabel")
    out, plain = tmp_path / f"labels{ending}", tmp_path / "labels.tif"
    words = (*PLAIN, "--seed", "boxes", *FIRST, "--direction", "forward")
    assert cli("track", tzyx, "-o", out, *words).code == 0
    assert cli("track", tzyx, "-o", plain, *words).code == 0
    stored = open_stack(out)
    order = [[axis.name for axis in stored.axes].index(name) for name in "tzyx"]
    np.testing.assert_array_equal(
        np.asarray(stored.array[(slice(None),) * 4]).transpose(order),
        tifffile.imread(plain),
    )


def test_axes_without_names_go_by_number(cli, tmp_path):
    path, out, table = (tmp_path / name for name in ("a.npy", "l.tif", "o.csv"))
    np.save(path, np.stack([drifting()[0][:2]] * 2))  # five axes, called q and y and x
    said = cli(
        "track", path, "-o", out, "--axis", "2", "--every", "0", "--every", "1",
        "--at", "0=1", "--point", "1:0,16,14", "--table", table, "--seed", "masks",
        "--frames", "0:2",
    )  # fmt: skip
    assert said.code == 0
    assert "1 object at q_0 = 0–1, q_1 = 0–1, frames 0–1" in said.out
    found = tifffile.imread(out)
    assert found.shape == (2, 2, 3, *SHAPE[2:])
    rows = rows_of(table)
    assert [(row["q_0"], row["q_1"]) for row in rows[::2]] == [
        ("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"),
    ]  # fmt: skip
    for row in rows:
        place = int(row["q_0"]), int(row["q_1"]), int(row["frame"])
        assert int(row["area"]) == np.count_nonzero(found[place])


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_labels_without_names_lie_as_the_stack(cli, tmp_path, ending):
    path, out = tmp_path / "a.npy", tmp_path / f"l{ending}"
    np.save(path, drifting()[0][:2])
    words = ("--axis", "0", "--every", "1", "--seed", "masks", "--point", "1:0,16,14")
    assert cli("track", path, "-o", out, *words).code == 0
    found = open_stack(out)
    assert tuple(axis.size for axis in found.axes) == (2, *SHAPE[1:])
    assert np.asarray(found.array[(slice(None),) * 4]).any((2, 3))[:, 0].all()


def test_tracks_run_through_time_in_space(cli, tzyx, tmp_path):
    out, labels = tmp_path / "tracks.csv", tmp_path / "labels.tif"
    words = (*PLAIN, *FIRST)
    assert cli("track", tzyx, "-o", out, "--format", "tracks", *words).code == 0
    assert cli("track", tzyx, "-o", labels, *words).code == 0
    found = tifffile.imread(labels)
    rows = rows_of(out)
    assert [(row["track_id"], row["t"]) for row in rows] == [
        ("1", "0"), ("1", "1"), ("1", "2"),
    ]  # fmt: skip
    for row in rows:
        centre = np.argwhere(found[int(row["t"])] == 1).mean(axis=0)
        there = [float(row[name]) for name in "zyx"]
        np.testing.assert_allclose(there, centre, atol=1e-3)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--axis", "z", "--every", "w"), "There is no axis w"),
        (("--axis", "z", "--every", "t", "--every", "t"), "worked through twice"),
        (("--axis", "z", "--every", "t=1:9"), "all of them are 0:3"),
        (("--axis", "z", "--every", "t=1"), "write an axis such as t, or AXIS=A:B"),
        (("--axis", "z", "--at", "z=1", "--at", "t=0"), "leave it out, or say which"),
        (("--axis", "z", "--at", "t=1", "--at", "0=2"), "given twice for T (3)"),
        (("--axis", "z", "--every", "z"), "which objects are followed along"),
        ((*PLAIN, "--at", "t=5"), "Prompts are at t = 5"),
        ((*PLAIN, "--point", "2:t=7,0,5,5"), "along T (3) are 0 to 2"),
        ((*PLAIN, "--point", "2:z=1,0,5,5"), "or work through all of it: --every z."),
        ((*PLAIN, "--point", "2:t=1,0,500,5"), "object 2 on frame 0 at t = 1 of 3"),
        ((*PLAIN, "--overlay", "o.png"), "an overlay shows one position"),
        ((*PLAIN, "--format", "coco"), "must end in .json"),
        (("--axis", "z", "--at", "t=1", "--point", "2:t=2,0,5,5"), "stays at t = 1"),
        (
            (*PLAIN, "--frames", "1:3", "--direction", "backward"),
            "prompted on frame 0 at t = 0 of 3, and going backward from there never",
        ),
    ],
)
def test_what_cannot_be_done_is_told(cli, tzyx, tmp_path, words, sentence):
    said = cli("track", tzyx, "-o", tmp_path / "labels.tif", *FIRST, *words)
    assert said.code == 2
    assert sentence in said.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cells.tif"]


@pytest.mark.parametrize("name", ["labels.json", "o.gif", "folder"])
def test_formats_without_room_for_positions_are_told(cli, tzyx, tmp_path, name):
    chosen = ("--format", "labels-png") if name == "folder" else ()
    said = cli("track", tzyx, "-o", tmp_path / name, *PLAIN, *FIRST, *chosen)
    assert said.code == 2
    assert "holds one position of a stack only" in said.err


def test_the_only_axis_to_follow_along_cannot_be_one_of_positions(cli, stack, tmp_path):
    words = ("--point", "1:4,22,20", "--every", "t")
    said = cli("track", stack, "-o", tmp_path / "labels.tif", *words)
    assert said.code == 2
    assert "--every t leaves no axis to follow objects along" in said.err
    assert "leave it out, and they are followed along t." in said.err
