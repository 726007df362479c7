"""When time points were taken, as OME-XML says of each plane."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

MOVIE = np.random.default_rng(0).integers(0, 255, (4, 2, 20, 30)).astype(np.uint8)
OWN = [10.0, 11.0, 14.5, 16.0]


def write(path, times, *, increment=2.0, unit="s", compression=None):
    """Write four time points of two slices; slices of one are half a second apart."""
    planes = [t + z / 2 for t in times for z in range(2)]
    about = {
        "axes": "TZYX", "TimeIncrement": increment, "TimeIncrementUnit": "s",
        "Plane": {"DeltaT": planes, "DeltaTUnit": [unit] * len(planes)},
    }  # fmt: skip
    tifffile.imwrite(path, MOVIE, ome=True, metadata=about, compression=compression)
    return open_stack(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_uneven_time_points_have_times_of_their_own(tmp_path, compression):
    stack = write(tmp_path / "a.ome.tif", OWN, compression=compression)
    frames = stack_frames(stack, "t", at={"z": 1})
    assert list(frames.frame_times) == [0, 1, 4.5, 6]
    np.testing.assert_array_equal(frames[2], MOVIE[2, 1])
    assert stack_frames(stack, "z", at={"t": 1}).frame_times is None
    (notice,) = stack.notices
    assert "a.ome.tif are not evenly spaced in time" in notice


def test_small_differences_are_kept_and_not_told(tmp_path):
    stack = write(tmp_path / "a.ome.tif", [0, 2.1, 4, 6.05])
    assert stack.notices == ()
    assert list(stack_frames(stack, "t", at={"z": 0}).frame_times) == [0, 2.1, 4, 6.05]


@pytest.mark.parametrize(
    ("times", "options"),
    [
        ([0, 2, 4, 6], {}),
        ([0, 2, 2, 6], {}),  # two at once
        ([0, 0, 0, 0], {}),
        ([0, 2000, 5000, 6000], {}),  # milliseconds, called seconds
        ([0, 2, 5, 6], {"unit": "min"}),
        ([0, 2, float("nan"), 6], {}),
    ],
)
def test_times_that_are_even_or_impossible_are_left_out(tmp_path, times, options):
    stack = write(tmp_path / "a.ome.tif", times, **options)
    assert stack_frames(stack, "t", at={"z": 0}).frame_times is None
    assert stack.notices == ()
    assert stack.axes[0].scale == 2
