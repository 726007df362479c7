"""What is written is what other programs read."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.axes import Axis, axes_from_shape
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.results import FrameResult
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.writing.coco import run_lengths
from napari_sam2.io.writing.png_labels import davis_palette
from napari_sam2.io.writing.result_formats import RESULT_FORMATS, find_result_format
from tests.io.label_results import results_from_labels
from tests.io.reading_back import LABEL_READERS, read_rows
from tests.io.written_results import LABELS, header_of, write

VOLUMES = ("labels-tiff", "labels-zarr", "labels-zarr-0.4", "labels-nifti")


@pytest.mark.parametrize("name", LABEL_READERS)
def test_labels_are_read_back_by_the_library_of_the_field(tmp_path, name) -> None:
    np.testing.assert_array_equal(LABEL_READERS[name](write(name, tmp_path)), LABELS)


@pytest.mark.parametrize("name", VOLUMES)
def test_what_was_followed_along_y_lies_as_the_image_does(tmp_path, name) -> None:
    axes = tuple(
        Axis(name, size, scale, "micrometer")
        for name, size, scale in (("y", 7, 0.5), ("z", 20, 2.0), ("x", 30, 0.25))
    )
    path = write(name, tmp_path, axes=axes)
    found = LABEL_READERS[name](path)
    np.testing.assert_array_equal(found, LABELS.transpose(1, 0, 2))
    read = {axis.name: axis for axis in open_stack(path).axes}
    for axis in axes:
        # NIfTI keeps lengths with seven digits
        assert read[axis.name].scale == pytest.approx(axis.scale, rel=1e-6)
        assert read[axis.name].unit == axis.unit


@pytest.mark.parametrize("name", [*VOLUMES, "ctc"])
def test_volumes_over_time_are_kept_whole(tmp_path, name) -> None:
    labels = np.zeros((3, 4, 20, 30), np.uint32)
    labels[0, 1:3, 4:9, 4:9] = 2
    labels[2, 2, 4:9, 4:9] = 2
    labels[1, 3, 10:, 4:9] = 3
    path = write(name, tmp_path, labels, axes_from_shape(labels.shape, "tzyx"))
    np.testing.assert_array_equal(LABEL_READERS[name](path), labels)


UNEVEN = (0.0, 1.0, 2.5, 3.0, 7.25, 8.0, 9.0)


class Film(ArrayFrames):
    """Frames that say when each of them is shown."""

    frame_times = UNEVEN


def test_labels_of_an_uneven_film_keep_the_time_of_every_frame(tmp_path) -> None:
    axes = (Axis("t", 7, 1.5, "second"), Axis("y", 20), Axis("x", 30))
    image = Film(np.ones(LABELS.shape, np.uint8))
    path = write("labels-tiff", tmp_path, axes=axes, frames=image)
    with tifffile.TiffFile(path) as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert pixels["TimeIncrement"] == 1.5
    assert [plane["DeltaT"] for plane in pixels["Plane"]] == list(UNEVEN)
    assert {plane["DeltaTUnit"] for plane in pixels["Plane"]} == {"s"}
    stack = open_stack(path)
    assert tuple(stack_frames(stack).frame_times) == UNEVEN
    assert "not evenly spaced in time" in stack.notices[0]
    np.testing.assert_array_equal(LABEL_READERS["labels-tiff"](path), LABELS)


def test_times_are_those_of_the_frames_that_lie_along_time(tmp_path) -> None:
    """A film followed along x has frames of another kind, without times."""
    image = Film(np.ones(LABELS.shape, np.uint8))
    for names in ("zyx", "iyx"):
        (tmp_path / names).mkdir()
        path = write("labels-tiff", tmp_path / names, frames=image,
                     axes=axes_from_shape(LABELS.shape, names))  # fmt: skip
        with tifffile.TiffFile(path) as file:
            assert "DeltaT" not in file.ome_metadata


def test_an_object_that_comes_back_is_a_child_of_its_former_track(tmp_path) -> None:
    rows = (write("ctc", tmp_path) / "res_track.txt").read_text().splitlines()
    assert rows == ["2 0 1 0", "9 5 6 0", "10 4 4 2", "11 6 6 10"]


def test_a_daughter_is_the_child_of_her_mothers_last_track(tmp_path) -> None:
    rows = (write("ctc", tmp_path, parents={9: 2}) / "res_track.txt").read_text()
    # 2 is seen at time 6, when 9 is: it has not ended
    assert rows.splitlines() == ["2 0 1 0", "9 5 6 0", "10 4 4 2", "11 6 6 10"]
    divided = LABELS.copy()
    divided[6][divided[6] == 2] = 0
    (tmp_path / "divided").mkdir()
    path = write("ctc", tmp_path / "divided", divided, parents={9: 2})
    rows = (path / "res_track.txt").read_text()
    assert rows.splitlines() == ["2 0 1 0", "9 5 6 10", "10 4 4 2"]


def test_the_challenges_own_package_finds_divisions_valid(tmp_path) -> None:
    validate = pytest.importorskip("ctc_metrics.scripts.validate")
    generations = np.zeros((6, 20, 30), np.uint32)
    generations[:2, 4:12, 4:24] = 1
    generations[2:, 4:12, 4:12] = 2
    generations[2:4, 4:12, 16:24] = 3
    generations[4:, 4:7, 16:24], generations[4:, 9:12, 16:24] = 4, 5
    path = write("ctc", tmp_path, generations, parents={2: 1, 3: 1, 4: 3, 5: 3})
    rows = (path / "res_track.txt").read_text().splitlines()
    assert rows == ["1 0 1 0", "2 2 5 1", "3 2 3 1", "4 4 5 3", "5 4 5 3"]
    assert validate.validate_sequence(str(path), threads=1) == {"Valid": 1}


@pytest.mark.parametrize("name", ["tracks", "csv"])
def test_rows_say_the_parent_of_an_object(tmp_path, name: str) -> None:
    rows = read_rows(write(name, tmp_path, parents={9: 2}))
    assert {(row["object"], row["parent"]) for row in rows} == {("2", "0"), ("9", "2")}


def test_volumes_say_the_parent_of_an_object(tmp_path) -> None:
    stack = np.stack([LABELS, LABELS], axis=1)
    axes = axes_from_shape(stack.shape, "tzyx")
    rows = read_rows(write("tracks", tmp_path, stack, axes, parents={9: 2}))
    assert {(row["object"], row["parent"]) for row in rows} == {("2", "0"), ("9", "2")}


def test_tracks_end_where_an_object_is_not_seen(tmp_path) -> None:
    rows = read_rows(write("tracks", tmp_path))
    assert list(rows[0]) == ["track_id", "frame", "y", "x", "object", "parent"]
    found = [(int(r["track_id"]), int(r["frame"]), int(r["object"])) for r in rows]
    assert found == [(2, 0, 2), (2, 1, 2), (9, 5, 9), (9, 6, 9), (10, 4, 2), (11, 6, 2)]
    assert (float(rows[0]["y"]), float(rows[0]["x"])) == (4.5, 11.0)


def test_napari_takes_the_tracks_as_they_are(tmp_path) -> None:
    layers = pytest.importorskip("napari.layers")
    data = np.loadtxt(write("tracks", tmp_path), delimiter=",", skiprows=1)
    assert len(layers.Tracks(data[:, :4]).data) == 6


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_says_what_the_specification_asks_for(tmp_path, version) -> None:
    models = pytest.importorskip(f"ome_zarr_models.v{version.replace('.', '')}")
    name = "labels-zarr" if version == "0.5" else "labels-zarr-0.4"
    labels = np.zeros((2, 1500, 40), np.uint32)
    labels[1, 1000:1200, 5:30] = 3
    path = write(name, tmp_path, labels)
    import zarr

    group = zarr.open_group(path, mode="r")
    kind = models.image_label
    if version == "0.5":
        described = kind.ImageLabelAttrs.model_validate(group.attrs.asdict()["ome"])
    else:
        described = kind.ImageLabelAttrs.model_validate(group.attrs.asdict())
    (multiscale,) = described.multiscales
    shapes = [group[one.path].shape for one in multiscale.datasets]
    assert shapes == [(2, 1500, 40), (2, 750, 20), (2, 375, 10)]
    np.testing.assert_array_equal(group["2"][:], labels[:, ::4, ::4])
    assert [one.label_value for one in described.image_label.colors] == [3]
    np.testing.assert_array_equal(open_stack(path).array[1], labels[1])


def test_indexed_pictures_have_the_palette_of_davis(tmp_path) -> None:
    from PIL import Image

    files = sorted(write("labels-png", tmp_path).iterdir())
    assert [file.name for file in files][:2] == ["00000.png", "00001.png"]
    with Image.open(files[0]) as picture:
        assert picture.mode == "P"
        assert picture.getpalette() == list(davis_palette())
    assert list(davis_palette())[3:9] == [128, 0, 0, 0, 128, 0]


@settings(max_examples=60)
@given(
    labels=hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.integers(0, 1),
    )
)  # fmt: skip
def test_run_lengths_are_those_of_pycocotools(labels) -> None:
    coco_mask = pytest.importorskip("pycocotools.mask")
    for one in results_from_labels(labels, 0):
        counts = {"size": list(labels.shape), "counts": run_lengths(one).tolist()}
        ours = coco_mask.frPyObjects(counts, *labels.shape)
        assert ours == coco_mask.encode(np.asfortranarray(labels))


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_what_made_the_masks_stands_in_every_output(tmp_path, one) -> None:
    if one.name.startswith("overlay"):
        pytest.skip("pictures to look at")
    write(one.name, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    said = b"".join(
        nifti_text(path) if path.suffix == ".gz" else path.read_bytes()
        for path in files
    )
    assert b"not ground truth" in said
    assert b"2026-01-02" in said


def nifti_text(path: Path) -> bytes:
    import gzip

    return gzip.decompress(path.read_bytes())


@pytest.mark.parametrize("name", [*LABEL_READERS, "tracks"])
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, name) -> None:
    one = find_result_format(name)
    header = header_of(axes_from_shape((120, 400, 600), "tyx"))
    header = replace(header, frames=None)
    plane = np.zeros((400, 600), np.uint32)
    plane[100:300, 50:400] = 2  # 0.9 MiB a frame, 110 MiB all of them
    tracemalloc.start()
    path = tmp_path / f"out{one.suffixes[0] if one.suffixes else ''}"
    with one.open(path, header, overwrite=False) as writer:
        for frame in range(120):
            writer.write(FrameResult(frame, results_from_labels(plane, frame)), plane)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25 << 20


def test_coco_is_plain_json(tmp_path) -> None:
    data = json.loads(write("coco", tmp_path).read_text("utf-8"))
    assert data["images"][3]["file_name"] == "cells/00003.png"
    assert {one["name"] for one in data["annotations"]} == {"cell 2", "cell 9"}
    assert data["annotations"][0]["score"] is None


def test_ome_tiff_of_four_axes_is_read_with_its_axes(tmp_path) -> None:
    labels = np.ones((2, 3, 4, 5), np.uint32)
    path = write("labels-tiff", tmp_path, labels, axes_from_shape(labels.shape, "tzyx"))
    with tifffile.TiffFile(path) as file:
        assert (file.series[0].axes, file.series[0].shape) == ("TZYX", (2, 3, 4, 5))
