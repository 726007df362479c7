from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.core.packed import pack_mask
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
