import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import OutputError
from napari_sam2.io.writing import label_volume
from napari_sam2.io.writing.label_volume import LabelVolume, file_order


@st.composite
def places(draw, shape):
    plane = draw(st.permutations(range(len(shape))))[:2]
    return tuple(
        slice(None) if axis in plane else draw(st.integers(0, size - 1))
        for axis, size in enumerate(shape)
    )


@settings(max_examples=80)
@given(data=st.data(), slab_bytes=st.sampled_from([1, 100, 1 << 20]))
def test_planes_of_any_orientation_make_up_the_volume(
    tmp_path_factory, data, slab_bytes
):
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=4)))
    wanted = np.zeros(shape, np.uint16)
    volume = LabelVolume(tmp_path_factory.mktemp("v"), shape, wanted.dtype)
    found = np.zeros_like(wanted).reshape(-1, *shape[-2:])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(label_volume, "_SLAB_BYTES", slab_bytes)
        patched.setattr(label_volume, "_STRIP_ROWS", 2)
        for value, place in enumerate(data.draw(st.lists(places(shape), max_size=5))):
            picture = np.arange(wanted[place].size) * (value + 1) % 7
            wanted[place] = picture.reshape(wanted[place].shape)
            volume.put(place, wanted[place])
        for index, labels in volume.planes():
            found[index] = labels
    volume.close()
    np.testing.assert_array_equal(found.reshape(shape), wanted)


def test_empty_planes_are_left_out(tmp_path):
    volume = LabelVolume(tmp_path, (4, 3, 2), np.dtype(np.uint8))
    volume.put((2, slice(None), slice(None)), np.ones((3, 2)))
    assert [index for index, _ in volume.planes()] == [2]
    volume.close()


def test_a_plane_of_another_size_is_a_bug(tmp_path):
    volume = LabelVolume(tmp_path, (4, 3, 2), np.dtype(np.uint8))
    with pytest.raises(ValueError, match="labels"):
        volume.put((slice(None), 0, slice(None)), np.ones((3, 2)))
    volume.close()


def test_a_full_disk_is_a_sentence(tmp_path, full_disk):
    full_disk(1 << 16)
    noise = np.random.default_rng(0).integers(0, 255, (2000, 2000), np.uint8)
    volume = LabelVolume(tmp_path, (3, 2000, 2000), noise.dtype)
    with pytest.raises(OutputError, match="disk is full"):
        for z in range(3):
            volume.put((z, slice(None), slice(None)), noise)
    volume.close()


@pytest.mark.parametrize(
    ("names", "image_axes", "order"),
    [
        ("qiyx", (1, 0, 2, 3), "iqyx"),
        ("qztyx", (4, 0, 1, 2, 3), "qtzyx"),
        ("abc", (1, 2, 0), "cab"),
        ("yxi", (1, 2, -1), "iyx"),
        ("qijyx", (1, 2, 0, 3, 4), "jqiyx"),
    ],
)
def test_axes_that_names_do_not_order_lie_as_in_the_image(names, image_axes, order):
    axes = axes_from_shape((2,) * len(names), names)
    assert "".join(names[i] for i in file_order(axes, image_axes)) == order


@pytest.mark.parametrize(
    ("names", "order"),
    [("qtyx", "tqyx"), ("pqtzyx", "tpqzyx"), ("yzx", "zyx"), ("qtiii", "qtiii")],
)
def test_time_is_first_where_a_format_wants_it(names, order):
    axes = axes_from_shape((2,) * len(names), names)
    found = file_order(axes, time_first=True)
    assert "".join(names[i] for i in found) == order


@pytest.mark.parametrize(
    ("names", "order"),
    [("tyx", "tyx"), ("yzx", "zyx"), ("xyzt", "tzyx"), ("yix", "iyx"), ("qqq", "qqq"),
     ("xqty", "qtyx")],
)  # fmt: skip
def test_files_have_one_order_whatever_was_followed(names, order):
    axes = axes_from_shape((2,) * len(names), names)
    assert "".join(names[i] for i in file_order(axes)) == order
