"""Arrays that are read when they are asked answer as NumPy's do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices

from napari_sam2.core.frames.channels import JoinedChannels
from napari_sam2.io.reading.level import CoarseArray
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.reordered import ReorderedArray
from napari_sam2.io.reading.turned import FlippedArray

SHAPE = 4, 3, 5, 6
PIXELS = np.arange(4 * 3 * 5 * 6, dtype=np.uint16).reshape(SHAPE)
PAGES = PIXELS.reshape(-1, 5, 6)

ARRAYS = {
    "paged": (PagedArray(SHAPE, np.uint16, 2, PAGES.__getitem__), PIXELS),
    "reordered": (ReorderedArray(PIXELS, (2, 0, 3, 1)), PIXELS.transpose(2, 0, 3, 1)),
    "flipped": (FlippedArray(PIXELS, (0, 3)), PIXELS[::-1, :, :, ::-1]),
    "joined": (JoinedChannels([PIXELS[0], PIXELS[1]]), np.stack(PIXELS[:2], axis=-1)),
    "coarse": (CoarseArray(PIXELS, SHAPE), PIXELS),
}


@pytest.mark.parametrize("name", ARRAYS)
@given(data=st.data())
def test_any_part_is_that_of_the_array(name, data):
    lazy, plain = ARRAYS[name]
    key = data.draw(basic_indices(plain.shape, allow_newaxis=False))
    np.testing.assert_array_equal(lazy[key], plain[key])


@pytest.mark.parametrize("name", ARRAYS)
def test_all_of_it_is_read_where_numpy_is_asked(name):
    lazy, plain = ARRAYS[name]
    np.testing.assert_array_equal(np.asarray(lazy), plain)
    assert np.mean(lazy) == plain.mean()
    assert np.asarray(lazy, np.float32).dtype == np.float32
    assert (len(lazy), lazy.ndim, lazy.size) == (len(plain), plain.ndim, plain.size)
    assert lazy.nbytes == plain.nbytes


@pytest.mark.parametrize(
    "key", [None, [0, 1], np.array([True] * 4), (0,) * 5, (..., ...), 9, "a"]
)
def test_what_cannot_be_read_is_an_index_error(key):
    for lazy, _ in ARRAYS.values():
        with pytest.raises(IndexError):
            lazy[key]
