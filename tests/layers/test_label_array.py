from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.axes import FrameLayout
from napari_sam2.layers.coordinates import FrameSpace
from napari_sam2.layers.label_array import make_label_array

SPACE = FrameSpace(FrameLayout(0, (1, 2), None), (4, 5, 6), ("t", "y", "x"))
CHANNELS = FrameSpace(FrameLayout(0, (2, 3), 1), (4, 3, 5, 6), ("t", "c", "y", "x"))


@pytest.mark.parametrize("memory", [None, 1])
def test_labels_begin_empty_and_can_be_written_wherever_they_live(memory):
    labels = make_label_array(SPACE, np.uint16, memory_bytes=memory)
    assert isinstance(labels, np.memmap) == (memory == 1)
    assert labels.shape == (4, 5, 6)
    assert labels.dtype == np.uint16
    assert not labels.any()
    labels[2, 3, 4] = 9
    assert labels.sum() == 9


@pytest.mark.parametrize("memory", [None, 1])
def test_channels_share_their_pixels(memory):
    labels = make_label_array(CHANNELS, np.uint16, memory_bytes=memory)
    assert labels.shape == (4, 3, 5, 6)
    labels[1, 2, 3, 4] = 7
    np.testing.assert_array_equal(labels[1, :, 3, 4], [7, 7, 7])


def test_a_stack_larger_than_the_memory_takes_disk_only_where_it_is_written():
    huge = FrameSpace(FrameLayout(0, (1, 2), None), (2000, 2048, 2048), ("t", "y", "x"))
    labels = make_label_array(huge, np.uint16, memory_bytes=1 << 30)
    labels[1999, 5, 5] = 3
    assert labels[1999].max() == 3
