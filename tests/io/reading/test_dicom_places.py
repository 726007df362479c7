"""Where DICOM slices lie: in order, at even distances, or told of."""

import re

import numpy as np
import pytest

from napari_sam2.core.axes import Axis, axis_names
from napari_sam2.core.errors import StackError
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

pydicom = pytest.importorskip("pydicom")

from tests.io.dicom_files import (  # noqa: E402
    AXIAL,
    VOLUME,
    dataset,
    enhanced,
    save,
    write_series,
)


def test_slices_are_sorted_by_position_with_sizes_and_place(tmp_path):
    write_series(tmp_path / "ct", VOLUME)
    stack = open_stack(tmp_path / "ct")
    assert stack.axes == (
        Axis("z", 7, 2.5, "millimeter"),
        Axis("y", 20, 0.5, "millimeter"),
        Axis("x", 30, 0.25, "millimeter"),
    )
    assert (stack.name, stack.dtype, stack.notices) == ("ct", np.uint16, ())
    frames = stack_frames(stack)
    for z in (6, 0, 3):
        np.testing.assert_array_equal(frames[z], VOLUME[z])
    # x and y of DICOM grow to the left and to the back, of NIfTI to the right and front
    np.testing.assert_allclose(
        stack.affine, [[-0.25, 0, 0, 50], [0, -0.5, 0, 60], [0, 0, 2.5, -20]]
    )


def at_heights(folder, heights, tilt=0.0):
    """Write slices at these heights, shifted sideways by a tilt of the gantry."""
    for z, height in enumerate(heights):
        described = {
            "ImagePositionPatient": [5.0, tilt * height, height - 20],
            "ImageOrientationPatient": list(AXIAL),
            "PixelSpacing": [0.5, 0.25],
        }
        save(dataset(VOLUME[z % 7], "1.2", **described), folder / f"{z}.dcm")
    return open_stack(folder)


def test_missing_slices_are_told(tmp_path):
    write_series(tmp_path, VOLUME)
    header = pydicom.dcmread
    gone = [p for p in tmp_path.iterdir() if header(p).InstanceNumber in (3, 4)]
    for path in gone:
        path.unlink()
    stack = open_stack(tmp_path)
    assert stack.shape[0] == 5
    assert stack.axes[0].scale == 2.5
    (notice,) = stack.notices
    assert "2 slices are missing, after slice 1" in notice
    assert "wrong by up to 5 mm" in notice


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_up_to_a_gap_slices_lie_where_they_were_taken(tmp_path, tilt):
    stack = at_heights(tmp_path, [0, 3, 6, 9, 18, 21], tilt)
    assert stack.axes[0].scale == pytest.approx(3)
    np.testing.assert_allclose(
        np.array(stack.affine)[:, 2:], [[0, -5], [-3 * tilt, 0], [3, -20]], atol=1e-9
    )
    (notice,) = stack.notices
    assert "2 slices are missing, after slice 3" in notice


@pytest.mark.parametrize(
    ("distances", "step", "told"),
    [
        ([5] * 3 + [10] * 4, 10,
         "5 to 10 mm apart, the first others behind slice 0 .* 10 mm apart: positions "
         "are wrong by up to 15 mm, and volumes by up to 100%"),
        ([3, 4.2] * 3 + [3], 3,
         "3 to 4.2 mm apart, the first others behind slice 1 .* 3 mm apart: positions "
         "are wrong by up to 3.6 mm, and volumes by up to 29%"),
        ([2, 2, 2.06], 2.02, "2 to 2.06 mm apart, .* wrong by up to 0.04 mm"),
        ([3, 3, 6, 3.5], 3, "3 to 6 mm apart, the first others behind slice 2 "),
    ],
)  # fmt: skip
def test_uneven_distances_are_told_and_table_and_affine_agree(
    tmp_path, distances, step, told
):
    stack = at_heights(tmp_path, [0, *np.cumsum(distances)])
    assert stack.axes[0] == Axis("z", len(distances) + 1, step, "millimeter")
    np.testing.assert_allclose(np.array(stack.affine)[:, 2], [0, 0, step])
    (notice,) = stack.notices
    assert re.search(told, notice), notice


def shift(folder, name, millimetres):
    """Move a slice along its rows."""
    moved = pydicom.dcmread(folder / name)
    moved.ImagePositionPatient[0] += millimetres
    save(moved, folder / name)


def test_slices_that_are_shifted_in_their_planes_are_told(tmp_path):
    at_heights(tmp_path, [0, 2, 4, 6, 8], tilt=0.3)
    shift(tmp_path, "2.dcm", 0.1)  # less than half a pixel
    assert open_stack(tmp_path).notices == ()
    shift(tmp_path, "3.dcm", 12.5)
    (notice,) = open_stack(tmp_path).notices
    assert "wrong by up to 12.5 mm, most at slice 3 (counted from 0)" in notice


def test_a_time_at_which_slices_are_shifted_is_told(tmp_path):
    for time in (1, 2):
        write_series(tmp_path, VOLUME, TemporalPositionIdentifier=time)
    for path in tmp_path.iterdir():
        one = pydicom.dcmread(path)
        one.SeriesInstanceUID = "1.2"
        if one.TemporalPositionIdentifier == 2:
            one.ImagePositionPatient[1] += 3
        save(one, path)
    stack = open_stack(tmp_path)
    assert axis_names(stack.axes) == "tzyx"
    (notice,) = stack.notices
    assert "wrong by up to 3 mm, most at slice 0" in notice


def test_distances_that_headers_round_are_even_and_add_up(tmp_path):
    heights = np.arange(40) * 2 / 3
    stack = at_heights(tmp_path, np.round(heights, 2))
    assert stack.notices == ()
    assert stack.axes[0].scale == pytest.approx(2 / 3, rel=1e-4)
    assert stack.affine[2][2] == pytest.approx(2 / 3, rel=1e-4)


def test_repeated_positions_are_times(tmp_path):
    write_series(tmp_path, VOLUME, TemporalPositionIdentifier=1)
    for path in sorted(tmp_path.iterdir()):
        again = pydicom.dcmread(path)
        again.TemporalPositionIdentifier = 2
        again.PixelData = (again.pixel_array + 1).tobytes()
        save(again, path.with_name(f"0_{path.name}"))
    stack = open_stack(tmp_path)
    assert (axis_names(stack.axes), stack.shape[:2]) == ("tzyx", (2, 7))
    frames = stack_frames(stack, "t", at={"z": 4})
    np.testing.assert_array_equal(frames[1], VOLUME[4] + 1)
    next(iter(tmp_path.iterdir())).unlink()
    with pytest.raises(StackError, match="some positions occur 1 times, others 2"):
        open_stack(tmp_path)


def test_a_file_of_many_frames_is_sorted_by_their_positions(tmp_path):
    path = save(enhanced(VOLUME), tmp_path / "mr.dcm")
    stack = open_stack(path)
    assert stack.axes[0] == Axis("z", 7, 2.0, "millimeter")
    frames = stack_frames(stack)
    for z in (0, 5):
        np.testing.assert_array_equal(frames[z], VOLUME[z] * 2.0 - 1000)


def pair(folder, one, other):
    """Write two slices of one series, above each other, with these differences."""
    for z, (name, values) in enumerate({"a.dcm": one, "b.dcm": other}.items()):
        described = {
            "ImagePositionPatient": [0.0, 0.0, 2.0 * z],
            "ImageOrientationPatient": list(AXIAL),
            "PixelSpacing": [1.5, 1.25],
            **values,
        }
        save(dataset(VOLUME[z], "1.2", **described), folder / name)
    return folder


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"PixelSpacing": [3, 2.5]}, "b.dcm has pixels of 3 × 2.5 mm, a.dcm has pixels "
         "of 1.5 × 1.25 mm"),
        ({"PixelSpacing": [1.5, 1.26]}, "b.dcm has pixels of 1.5 × 1.26 mm"),
        ({"PixelSpacing": None}, "b.dcm does not say how large its pixels are"),
        ({"ImageOrientationPatient": [0, -1, 0, 1, 0, 0]}, "b.dcm is turned by 90° in "
         "its plane from a.dcm"),
    ],
)  # fmt: skip
def test_slices_of_which_sizes_or_rows_differ_are_no_volume(tmp_path, other, told):
    with pytest.raises(StackError, match=told):
        open_stack(pair(tmp_path, {}, other))


def test_frames_of_one_file_of_which_sizes_differ_are_named(tmp_path):
    made = enhanced(VOLUME)
    sizes = pydicom.Dataset()
    sizes.PixelSpacing = [3, 2.5]
    frame = made.PerFrameFunctionalGroupsSequence[4]
    frame.PixelMeasuresSequence = pydicom.sequence.Sequence([sizes])
    with pytest.raises(StackError, match=r"frame 4 has pixels of 3 .* frame 0 has"):
        open_stack(save(made, tmp_path / "mr.dcm"))


def test_what_headers_round_is_no_difference(tmp_path):
    rounded = {
        "PixelSpacing": [1.5001, 1.2499],
        "ImageOrientationPatient": [1, 0.0004, 0, -0.0004, 1, 0],
    }
    stack = open_stack(pair(tmp_path, {}, rounded))
    assert stack.axes[0] == Axis("z", 2, 2.0, "millimeter")


def test_slices_cut_in_several_directions_have_no_place_in_space(tmp_path):
    tilted = [1, 0, 0, 0, 0.9986, 0.0523]  # by three degrees
    stack = open_stack(pair(tmp_path, {}, {"ImageOrientationPatient": tilted}))
    assert (stack.axes[0], stack.affine) == (Axis("i", 2), None)
    assert "cut in several directions" in stack.notices[0]
