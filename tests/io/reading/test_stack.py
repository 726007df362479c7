import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.axes import Axis, axes_from_shape
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.source import FrameSource, as_frame_source
from napari_sam2.io.reading.stack import Stack, open_stack, split_dataset
from napari_sam2.io.reading.stack_frames import stack_frames


def stack(array, names: str) -> Stack:
    return Stack(array, axes_from_shape(array.shape, names), Path("made/up.tif"))


class Counted:
    """An array of any size that says which parts of it were read."""

    def __init__(self, shape, dtype="u2"):
        self.shape, self.dtype, self.reads = shape, np.dtype(dtype), []

    def __getitem__(self, key):
        self.reads.append(key)
        parts = zip(key, self.shape, strict=True)
        size = [n for k, n in parts if isinstance(k, slice)]
        return np.zeros(size, self.dtype)


def test_opening_a_hundred_thousand_frames_reads_none():
    array = Counted((100_000, 4, 64, 48))
    frames = stack_frames(stack(array, "tcyx"))
    assert (len(frames), frames.shape_hw, frames.dtype) == (100_000, (64, 48), "u2")
    assert not array.reads
    frames[99_999]
    assert array.reads == [(99_999, 0, slice(None), slice(None))]


def test_only_picked_channels_are_read():
    array = Counted((5, 9, 64, 48))
    frames = stack_frames(stack(array, "tcyx"), channels=(7, 2))
    assert frames[3].shape == (64, 48, 3)
    assert [key[:2] for key in array.reads] == [(3, 7), (3, 2)]


@given(st.permutations("tzcyx"), st.integers(0, 2), st.integers(0, 3))
def test_frames_are_the_same_in_any_order_of_axes(names, t, z):
    data = np.arange(3 * 4 * 2 * 5 * 6).reshape(3, 4, 2, 5, 6)
    stored = data.transpose(["tzcyx".index(name) for name in names])
    made = stack(stored, "".join(names))
    grey = stack_frames(made, "t", (1,), {"z": z})
    np.testing.assert_array_equal(grey[t], data[t, z, 1])
    both = stack_frames(made, "t", (1, 0), {"z": z})[t]
    np.testing.assert_array_equal(both[..., 0], data[t, z, 1])
    np.testing.assert_array_equal(both[..., 1], data[t, z, 0])
    assert not both[..., 2].any()


def test_fluorescence_shows_its_first_channel_by_default():
    data = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    frames = stack_frames(stack(data, "tcyx"))
    assert not frames.is_rgb
    np.testing.assert_array_equal(frames[1], data[1, 0])


@pytest.mark.parametrize("samples", [3, 4])
def test_colour_is_shown_as_it_is_without_transparency(samples):
    data = np.arange(2 * 4 * 5 * samples).reshape(2, 4, 5, samples)
    frames = stack_frames(stack(data, "tyxs"))
    assert frames.is_rgb
    np.testing.assert_array_equal(frames[1], data[1, ..., :3])


def test_a_picked_colour_is_grey():
    data = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    frames = stack_frames(stack(data, "tyxs"), channels=(2,))
    assert not frames.is_rgb
    np.testing.assert_array_equal(frames[1], data[1, ..., 2])


def test_results_get_the_axes_of_frames_with_their_pixel_sizes():
    axes = (
        Axis("t", 5, 30.0, "second"),
        Axis("c", 2),
        Axis("y", 8, 0.2, "micrometer"),
        Axis("x", 9, 0.3, "micrometer"),
    )
    made = Stack(np.zeros((5, 2, 8, 9)), axes, Path("a.tif"))
    assert stack_frames(made).axes == (axes[0], axes[2], axes[3])


def test_a_volume_can_be_followed_along_its_rows():
    data = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    frames = stack_frames(stack(data, "zyx"), "y")
    assert (len(frames), [a.name for a in frames.axes]) == (4, ["y", "z", "x"])
    np.testing.assert_array_equal(frames[2], data[:, 2])


def test_a_picture_is_a_stack_of_one_frame():
    data = np.arange(20).reshape(4, 5)
    frames = stack_frames(stack(data, "yx"))
    assert (len(frames), frames.axes[0].size) == (1, 1)
    np.testing.assert_array_equal(frames[0], data)


def test_many_channels_and_nothing_else_are_frames():
    data = np.arange(6 * 4 * 5).reshape(6, 4, 5)
    frames = stack_frames(stack(data, "cyx"))
    assert len(frames) == 6
    np.testing.assert_array_equal(frames[5], data[5])
    assert len(stack_frames(stack(data, "cyx"), channels=(5,))) == 1
    assert len(stack_frames(stack(data[:4], "cyx"))) == 1


def test_frames_outside_and_channels_outside_do_not_exist():
    made = stack(np.zeros((3, 2, 4, 5)), "tcyx")
    frames = stack_frames(made)
    for frame in (-1, 3):
        with pytest.raises(FrameError, match="3 frames, 0 to 2"):
            frames[frame]
    with pytest.raises(StackError, match="Channel 2 does not exist"):
        stack_frames(made, channels=(2,))
    with pytest.raises(StackError, match="4 channels were picked"):
        stack_frames(made, channels=(0, 0, 0, 0))


@pytest.mark.parametrize("name", ["a.gif", "A.GIF", "a.webp"])
def test_an_animation_is_to_be_converted(tmp_path, name):
    (tmp_path / name).write_bytes(b"GIF89a")
    with pytest.raises(StackError, match="convert it to MP4"):
        open_stack(tmp_path / name)


def test_five_axes_without_a_choice_are_listed():
    with pytest.raises(StackError, match=r"axis 0: T \(2\).*which, t or z\."):
        stack_frames(stack(np.zeros((2, 3, 2, 4, 5)), "tzcyx"))


def test_what_an_array_cannot_read_is_a_frame_error():
    class Broken(Counted):
        def __getitem__(self, key):
            raise OSError("the cable was pulled")

    with pytest.raises(FrameError, match=r"Frame 1 of .*the cable was pulled"):
        stack_frames(stack(Broken((3, 4, 5)), "tyx"))[1]


def test_frames_are_a_source_that_the_engine_takes_as_it_is():
    frames = stack_frames(stack(np.zeros((3, 4, 5)), "tyx"))
    assert isinstance(frames, FrameSource)
    assert as_frame_source(frames) is frames


def test_frames_are_copies_in_native_order():
    data = np.arange(60, dtype=">u2").reshape(3, 4, 5)
    frame = stack_frames(stack(data, "tyx"))[1]
    assert frame.dtype == np.dtype("u2")
    assert frame.dtype.isnative
    frame[...] = 0
    assert data[1].any()


@pytest.mark.parametrize(
    ("path", "file", "inside"),
    [
        ("a.h5::/exp/raw", "a.h5", "/exp/raw"),
        (Path("data/a.zarr::0"), "data/a.zarr", "0"),
        ("a.h5::", "a.h5", None),
        ("a.h5", "a.h5", None),
        ("::/exp", "::/exp", None),
    ],
)
def test_what_is_behind_two_colons_is_inside_the_file(path, file, inside):
    assert split_dataset(path) == (Path(file), inside)


def test_a_file_may_have_colons_in_its_name(tmp_path):
    try:
        np.save(tmp_path / "t0::t9.npy", np.zeros((3, 4, 5)))
    except OSError:
        pytest.skip("not on this system")
    assert open_stack(tmp_path / "t0::t9.npy").shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.tif", "does not exist"),
        ("notes.docx", "cannot be opened"),
        ("without_ending", "cannot be opened"),
    ],
)
def test_what_is_no_stack_is_explained(tmp_path, name, words):
    if not name.startswith("missing"):
        (tmp_path / name).write_text("hello")
    with pytest.raises(StackError, match=words):
        open_stack(tmp_path / name)


def test_opening_imports_no_optional_package():
    code = (
        "import sys, napari_sam2.io.masks, napari_sam2.io.samples;"
        "import napari_sam2.io.prompt_file, napari_sam2.io.writing.table;"
        "import napari_sam2.io.pictures.overlay, napari_sam2.io.reading.stack;"
        "import napari_sam2.io.reading.tiff, napari_sam2.io.reading.video;"
        "import napari_sam2.io.reading.zarr;"
        "heavy = {'av', 'zarr', 'h5py', 'nibabel', 'pydicom', 'PIL',"
        " 'skimage', 'torch', 'tifffile', 'scipy'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
