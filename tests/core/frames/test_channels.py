"""Arrays of one shape, side by side as channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.channels import JoinedChannels
from napari_sam2.core.frames.source import as_frame_source


@given(
    hnp.basic_indices((3, 4, 5, 3), allow_ellipsis=False, allow_newaxis=False),
    st.permutations([np.uint8, np.uint16, np.float32]),
)
def test_reading_a_part_is_a_part_of_reading_all(key, types):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 200, (3, 4, 5)).astype(one) for one in types]
    joined = JoinedChannels(arrays)
    whole = np.stack(arrays, axis=-1)
    found = joined[key]
    assert found.dtype == whole.dtype
    np.testing.assert_array_equal(found, whole[key])


def test_only_the_channel_that_is_asked_for_is_read():
    class Unread(np.ndarray):
        def __getitem__(self, key):
            raise AssertionError("read")

    unread = np.zeros((3, 4, 5)).view(Unread)
    joined = JoinedChannels([np.ones((3, 4, 5)), unread])
    assert joined[1, :, :, 0].all()


def test_frames_of_joined_channels_are_shown_as_colours():
    frames = as_frame_source(JoinedChannels([np.full((2, 4, 5), i) for i in (7, 8)]))
    assert frames[1].shape == (4, 5, 3)
    assert frames[1][0, 0].tolist() == [7, 8, 0]
    assert not frames.is_rgb


def test_sizes_that_differ_are_told():
    with pytest.raises(StackError, match=r"green is 2 × 4 × 6, but red is 2 × 4 × 5"):
        JoinedChannels([np.zeros((2, 4, 5)), np.zeros((2, 4, 6))], ["red", "green"])


def test_no_channel_and_no_number_are_told():
    with pytest.raises(StackError, match="at least one"):
        JoinedChannels([])
    with pytest.raises(StackError, match="complex"):
        JoinedChannels([np.zeros((2, 4, 5), complex)])
