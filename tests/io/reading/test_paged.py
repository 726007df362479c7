import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError
from napari_sam2.io.reading.paged import PagedArray

WHOLE = np.arange(3 * 4 * 5 * 6).reshape(3, 4, 5, 6)


def paged(reads: list[int] | None = None) -> PagedArray:
    def read(page):
        if reads is not None:
            reads.append(page)
        return WHOLE.reshape(-1, 5, 6)[page]

    return PagedArray(WHOLE.shape, WHOLE.dtype, 2, read)


def keys(size: int):
    return st.integers(-size, size - 1) | st.slices(size).filter(
        lambda s: len(range(size)[s]) > 0
    )


@given(st.tuples(*(keys(n) for n in WHOLE.shape)), st.integers(1, 4))
def test_it_is_indexed_as_numpy_is(key, count):
    np.testing.assert_array_equal(paged()[key[:count]], WHOLE[key[:count]])


def test_only_the_pages_asked_for_are_read():
    reads: list[int] = []
    array = paged(reads)
    assert (array.ndim, len(array), reads) == (4, 3, [])
    array[2, 1]
    array[0, :, 3]
    assert reads == [9, 0, 1, 2, 3]


def test_an_index_outside_is_an_index_error():
    with pytest.raises(IndexError, match="out of bounds"):
        paged()[3]


def test_a_page_of_another_size_is_a_frame_error():
    array = PagedArray((2, 4, 4), float, 2, lambda page: np.zeros((4, 4 + page)))
    array[0]
    with pytest.raises(FrameError, match="Picture 1 has shape"):
        array[1]


def test_a_page_of_deeper_pixels_is_a_frame_error():
    types = np.uint16, np.uint8, np.int16
    array = PagedArray((3, 4, 4), np.uint16, 2, lambda p: np.ones((4, 4), types[p]))
    assert array[1, 0, 0] == 1, "of 8 bits fits into 16"
    with pytest.raises(FrameError, match="Picture 2 has pixels of int16"):
        array[2]
