import pytest

from napari_sam2.core.unnamed_axes import guess_axis_names


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((8, 9), "yx"),
        ((8, 9, 3), "yxs"),
        ((5, 8, 9), "iyx"),
        ((5, 8, 3), "yxs"),
        ((4, 8, 3), "iyx"),
        ((5, 8, 9, 4), "iyxs"),
        ((5, 7, 8, 9), "qqyx"),
    ],
)
def test_names_are_guessed_from_the_shape(shape, names):
    assert guess_axis_names(shape) == names
