from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.core.packed import pack_mask
from napari_sam2.layers.measurements import measure, measure_frame
from napari_sam2.layers.tracks_layer import add_tracks, tracks_data
from napari_sam2.state import edits


def fill(bench):
    """A block that moves right, and is gone on frame 2."""
    bench.history.do(edits.add_object(bench.document, 3, "cell"))
    for frame in (0, 1, 3):
        mask = np.zeros(bench.image.shape_hw, bool)
        mask[4:6, frame : frame + 4] = True
        bench.history.do(edits.paint_mask(bench.document, 3, frame, pack_mask(mask)))
    bench.history.do(edits.mark_absent(bench.document, 3, [2]))
    return bench


def test_tracks_are_centroids_where_the_object_is_seen(bench):
    data = tracks_data(fill(bench).document, bench.image.space)
    np.testing.assert_array_equal(
        data, [(3, 0, 4.5, 1.5), (3, 1, 4.5, 2.5), (3, 3, 4.5, 4.5)]
    )


def test_a_tracks_layer_lies_on_the_image(new_bench):
    bench = fill(new_bench(scale=(2, 0.5, 0.5), units=("s", "um", "um")))
    layer = add_tracks(bench.viewer.layers, bench.image, bench.document)
    assert layer in bench.viewer.layers
    np.testing.assert_array_equal(layer.scale, (2, 0.5, 0.5))
    assert layer.units == bench.image.layer.units
    assert len(layer.features["confidence"]) == 3


def test_tracks_that_cannot_be_drawn_are_refused(new_bench):
    bench = new_bench(axis=1)
    with pytest.raises(NoPromptError, match="no masks yet"):
        add_tracks(bench.viewer.layers, bench.image, bench.document)
    fill(bench)
    with pytest.raises(StackError, match="first axis"):
        add_tracks(bench.viewer.layers, bench.image, bench.document)


def test_measurements_are_calibrated(new_bench):
    bench = fill(new_bench(scale=(30, 0.5, 0.25), units=("s", "um", "um")))
    rows = measure(bench.document, bench.image.calibration)
    assert [row["frame"] for row in rows] == [0, 1, 2, 3]
    first, absent = rows[0], rows[2]
    assert (first["object"], first["name"], first["area"]) == (3, "cell", 8)
    assert first["area_um2"] == pytest.approx(8 * 0.125)
    assert (first["centroid_y_um"], first["centroid_x_um"]) == (2.25, 0.375)
    assert rows[3]["position_s"] == 90
    assert [first[name] for name in ("y0", "x0", "y1", "x1")] == [4, 0, 5, 3]
    assert (absent["area"], absent["centroid_y"], absent["y0"]) == (0, None, None)
    assert all(row.keys() == first.keys() for row in rows)


def test_uncalibrated_images_are_measured_in_pixels(bench):
    (row, *_) = measure(fill(bench).document, bench.image.calibration)
    assert not [name for name in row if name.startswith("area_")]


def test_intensities_are_means_of_finite_pixels(bench):
    pixels = np.full(bench.image.shape_hw, 7.0)
    pixels[4, 0] = np.nan
    result = fill(bench).document.frame_result(0)
    (row,) = measure_frame(result, {}, bench.image.calibration, pixels)
    assert row["mean_intensity"] == 7
    assert row["name"] == ""
