"""Samples open as layers that napari accepts."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.io.samples import sample_names
from napari_sam2.layers.hooks import sample_layers


@pytest.mark.parametrize("name", sample_names())
def test_samples_are_layer_tuples(name: str) -> None:
    for data, metadata, kind in sample_layers(name):
        assert kind in ("image", "labels")
        spatial = data.ndim - int(metadata.get("rgb", False))
        assert len(metadata["scale"]) == spatial
        assert len(metadata["axis_labels"]) == spatial
        assert len(metadata["units"]) == spatial
        assert np.asarray(data[0]).shape == tuple(data.shape[1:])


def test_masks_lie_on_the_image() -> None:
    (image, shown, _), (masks, hidden, _) = sample_layers("mni152_t1")
    assert image.shape == masks.shape
    assert shown["scale"] == hidden["scale"]
    assert hidden["visible"] is False


@pytest.mark.parametrize(
    ("name", "axis"),
    [("bacteria_phase", "t"), ("cells3d_nuclei", "z"), ("mni152_t1", "z")],
)
def test_samples_say_what_their_frames_are(name: str, axis: str) -> None:
    for _, metadata, _ in sample_layers(name):
        assert metadata["axis_labels"] == (axis, "y", "x")
