import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.io.reading.reordered import ReorderedArray, shown_order


@given(order=st.permutations(range(4)), data=st.data())
def test_any_part_is_that_of_the_transposed_array(order, data):
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    whole = array.transpose(order)
    count = data.draw(st.integers(0, 4))
    key = tuple(
        data.draw(st.integers(0, size - 1) | st.slices(size))
        for size in whole.shape[:count]
    )
    made = ReorderedArray(array, order)
    assert made.shape == whole.shape
    np.testing.assert_array_equal(made[key], whole[key])


@pytest.mark.parametrize(
    ("names", "shown"),
    [("xyz", "zyx"), ("xyzt", "tzyx"), ("xyzs", "zyxs"), ("tyx", "tyx"),
     ("zct", "tcz"), ("ixy", "ixy"), ("yx", "yx")],
)  # fmt: skip
def test_stacks_are_looked_at_in_one_order(names, shown):
    assert "".join(names[axis] for axis in shown_order(names)) == shown
