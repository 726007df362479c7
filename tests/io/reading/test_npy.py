import numpy as np
import pytest

from napari_sam2.core.axes import axis_names
from napari_sam2.core.errors import StackError
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames


def save(path, array, **options):
    np.save(path, array, **options)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_mapped_and_give_their_frames(tmp_path, order):
    data = np.random.default_rng(0).random((5, 8, 9)).astype("f4", order=order)
    stack = open_stack(save(tmp_path / "a.npy", data))
    assert isinstance(stack.array, np.memmap)
    np.testing.assert_array_equal(stack_frames(stack)[4], data[4])


def test_colour_is_guessed_from_the_shape(tmp_path):
    stack = open_stack(save(tmp_path / "a.npy", np.zeros((5, 8, 9, 3), "u1")))
    assert (axis_names(stack.axes), stack.is_rgb) == ("iyxs", True)


def test_python_objects_are_refused(tmp_path):
    objects = np.array([[print, 1]], dtype=object)
    with pytest.raises(StackError, match=r"a\.npy"):
        open_stack(save(tmp_path / "a.npy", objects, allow_pickle=True))


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 8, 9)), np.zeros((5, 0, 9)), np.zeros(5), np.zeros((3, 4), "c8"),
     np.zeros((3, 4), [("a", "u1")]), np.zeros((3, 4), "U3")],
)  # fmt: skip
def test_what_holds_no_pixels_is_refused(tmp_path, array):
    with pytest.raises(StackError, match=r"a\.npy"):
        open_stack(save(tmp_path / "a.npy", array))


@pytest.mark.parametrize("share", [0, 0.05, 0.9])
def test_a_file_that_is_cut_off_is_refused(tmp_path, share):
    path = save(tmp_path / "a.npy", np.zeros((5, 8, 9)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(StackError, match="truncated"):
        open_stack(path)


def test_a_header_that_promises_more_than_can_be_counted(tmp_path, recwarn):
    path = tmp_path / "huge.npy"
    about = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**5, 10**5)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, about)
    with pytest.raises(StackError, match="truncated"):
        open_stack(path)
    assert not [one for one in recwarn if one.category is RuntimeWarning]
