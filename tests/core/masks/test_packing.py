"""Label images are parted into one packed mask for each of their objects."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_sam2.core.masks.packing import pack_labels, pack_mask, unite


@given(arrays(np.uint8, (7, 9), elements=st.integers(0, 4)))
def test_labels_are_parted_into_their_objects(labels: np.ndarray) -> None:
    packed = pack_labels(labels)
    assert list(packed) == sorted(set(labels[labels > 0].tolist()))
    for value, mask in packed.items():
        np.testing.assert_array_equal(mask.mask, labels == value)


def test_only_the_wanted_labels_are_taken() -> None:
    labels = np.array([[1, 2, 3], [0, 2, -1]])
    assert list(pack_labels(labels)) == [1, 2, 3]
    assert list(pack_labels(labels, {2, 7})) == [2]
    assert pack_labels(np.zeros((3, 3), int)) == {}


@given(st.lists(arrays(bool, (7, 9)), min_size=1, max_size=4))
def test_the_union_of_masks_has_the_pixels_of_all(masks: list[np.ndarray]) -> None:
    united = unite([pack_mask(mask) for mask in masks])
    assert united == pack_mask(np.any(masks, axis=0))
