"""What is measured of an object, and in which units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_sam2.core.axes import Axis
from napari_sam2.core.frames.source import ArrayFrames, channel_labels
from napari_sam2.core.results import FrameResult, Verdict, mask_result
from napari_sam2.io.writing.measurements import NAME, Measurer

AXES = (
    Axis("t", 9, 30.0, "second"),
    Axis("y", 8, 0.5, "micrometer"),
    Axis("x", 10, 0.25, "micrometer"),
)
PIXELS = np.arange(80, dtype=np.uint16).reshape(8, 10)


def block(frame: int = 3):
    """Return an object on rows 2 and 3, columns 3 to 5."""
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    return mask_result(
        mask, object_id=5, frame=frame, predicted_iou=0.9, object_logit=-2.0
    )


def measured(one, pixels=PIXELS, **options):
    measurer = Measurer(**options)
    (row,) = measurer.measure(FrameResult(one.frame, (one,)), pixels)
    return {name: row[name] for name in measurer.dtype.names}


def test_calibrated_columns_name_their_units() -> None:
    row = measured(block(), axes=AXES)
    assert row["area"] == 6
    assert row["area_um2"] == 6 * 0.125
    assert (row["centroid_y"], row["centroid_x"]) == (2.5, 4.0)
    assert (row["centroid_y_um"], row["centroid_x_um"]) == (1.25, 1.0)
    assert row["position_s"] == 90
    assert [row[name] for name in ("y0", "x0", "y1", "x1")] == [2, 3, 3, 5]


def test_times_and_intensities_of_neighbours_stay_apart_in_files() -> None:
    axes = (Axis("t", 2_000_000, 0.01, "second"), *AXES[1:])
    measurer = Measurer(axes)
    columns = [one.name for one in measurer.columns]
    for frame, time in ((1_000_001, "10000.01"), (1_000_002, "10000.02")):
        pixels = np.full((8, 10), 16_777_217 + frame, np.uint32)
        found = FrameResult(frame, (block(frame),))
        (row,) = measurer.measure(found, pixels)
        cells = dict(zip(columns, measurer.as_text(row, {}), strict=True))
        assert cells["position_s"] == time
        assert cells["max_intensity"] == str(16_777_217 + frame)


def test_intensities_of_single_precision_are_written_as_they_are_meant() -> None:
    measurer = Measurer(AXES)
    pixels = np.full((8, 10), 0.1, np.float32)
    (row,) = measurer.measure(FrameResult(3, (block(),)), pixels)
    columns = [one.name for one in measurer.columns]
    assert measurer.as_text(row, {})[columns.index("mean_intensity")] == "0.1"


def test_columns_are_called_after_the_axes_of_the_plane() -> None:
    """A table of a volume that was followed along y is not taken for an axial one."""
    along_y = AXES[1], Axis("z", 8, 2.0, "micrometer"), AXES[2]
    row = measured(block(), axes=along_y)
    assert (row["centroid_z"], row["centroid_x"]) == (2.5, 4.0)
    assert (row["centroid_z_um"], row["centroid_x_um"]) == (5.0, 1.0)
    assert [row[name] for name in ("z0", "x0", "z1", "x1")] == [2, 3, 3, 5]
    assert "centroid_y" not in row


@pytest.mark.parametrize(
    "axes", [None, (AXES[0], AXES[1], replace(AXES[2], unit="")), AXES[:1] * 3]
)
def test_without_a_length_in_common_there_is_none_in_units(axes) -> None:
    names = Measurer(axes).dtype.names
    assert "area_um2" not in names
    assert "centroid_y_um" not in names


def test_what_the_user_said_is_in_the_table() -> None:
    one = replace(block(), verdict=Verdict.PAINTED | Verdict.LOCKED, is_prompted=True)
    row = measured(one)
    flags = "prompted", "painted", "accepted", "locked", "absent"
    assert [row[name] for name in flags] == [1, 1, 0, 1, 0]


def test_an_absent_object_has_no_place_and_no_brightness() -> None:
    measurer = Measurer(AXES)
    gone = mask_result(
        np.zeros((8, 10), bool), object_id=5, frame=3, predicted_iou=0.9,
        object_logit=-2.0,
    )  # fmt: skip
    (row,) = measurer.measure(FrameResult(3, (gone,)), PIXELS)
    names = [one.name for one in measurer.columns]
    cells = dict(zip(names, measurer.as_text(row, {5: "cell"}), strict=True))
    assert cells[NAME] == "cell"
    assert (cells["area"], cells["area_um2"], cells["absent"]) == ("0", "0", "1")
    for name in ("centroid_y", "centroid_x_um", "x1", "mean_intensity"):
        assert cells[name] == ""


def test_channels_are_measured_apart() -> None:
    picked = ArrayFrames(np.stack([PIXELS, 2 * PIXELS], -1)[None].repeat(4, 0))
    labels = channel_labels(picked)
    assert labels == ("c0", "c1")
    row = measured(block(), picked[3], channels=labels)
    assert row["max_intensity_c0"] * 2 == row["max_intensity_c1"] == 70
    assert "mean_intensity_c2" not in row, "the blank that makes it a colour picture"
    assert channel_labels(ArrayFrames(PIXELS[None])) == ()
    colour = ArrayFrames(np.zeros((1, 8, 10, 4), np.uint8))
    assert channel_labels(colour) == ("red", "green", "blue")


def test_pixels_that_are_no_numbers_do_not_count() -> None:
    holes = PIXELS.astype(float)
    holes[2] = np.nan
    holes[3, 3] = np.inf
    row = measured(block(), holes)
    assert (row["mean_intensity"], row["min_intensity"]) == (34.5, 34)


@given(arrays.arrays(bool, (8, 10)))
def test_every_measure_is_that_of_the_whole_frame(mask) -> None:
    one = mask_result(mask, object_id=1, frame=0, predicted_iou=1, object_logit=1)
    row = measured(one)
    assert row["area"] == mask.sum()
    if mask.any():
        assert row["mean_intensity"] == pytest.approx(PIXELS[mask].mean())
        centre = [row["centroid_y"], row["centroid_x"]]
        assert centre == pytest.approx(np.argwhere(mask).mean(axis=0))


@given(st.integers(0, 4))
def test_rows_hold_every_column_but_the_name(count: int) -> None:
    measurer = Measurer(AXES, tuple("abcd"[:count]))
    names = [one.name for one in measurer.columns]
    assert names[:3] == ["frame", "object", NAME]
    assert [name for name in names if name != NAME] == list(measurer.dtype.names)
    assert len(set(names)) == len(names)
