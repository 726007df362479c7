import json
import sys
from unittest.mock import Mock

import numpy as np
import pytest

from napari_sam2.core.axes import Axis, axis_names
from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.io.reading.hdf5 import Hdf5Array
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

h5py = pytest.importorskip("h5py")

MOVIE = np.random.default_rng(0).integers(0, 4000, (6, 20, 30)).astype(np.uint16)


class Watched:
    """A dataset whose identifier is another object."""

    def __init__(self, dataset, ids) -> None:
        self._dataset, self.id = dataset, ids

    def __getattr__(self, name):
        return getattr(self._dataset, name)

    def __getitem__(self, key):
        return self._dataset[key]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("exp/raw", data=MOVIE, chunks=(2, 8, 8), compression="gzip")
        file.create_dataset("exp/times", data=np.arange(6.0))
        file.create_dataset("exp/shift", data=np.zeros((6, 2)))
        file["note"] = "words"
    return path


def test_the_only_dataset_that_looks_like_an_image_is_taken(path):
    stack = open_stack(path)
    frames = stack_frames(stack)
    assert (stack.name, len(frames), frames.dtype) == ("scan", 6, np.uint16)
    for t in (5, 0, 3):
        np.testing.assert_array_equal(frames[t], MOVIE[t])


def test_several_are_listed_with_what_to_write(path):
    with h5py.File(path, "a") as file:
        file["labels"] = MOVIE > 0
    with pytest.raises(StackError) as caught:
        open_stack(path)
    message = str(caught.value)
    assert "/exp/raw (6 × 20 × 30, uint16)" in message
    assert f"{path}::/exp/raw" in message
    assert "/exp/times" not in message


@pytest.mark.parametrize("inside", ["/exp/raw", "exp/raw", "/exp"])
def test_a_dataset_or_its_group_is_named_behind_two_colons(path, inside):
    stack = open_stack(f"{path}::{inside}")
    np.testing.assert_array_equal(stack_frames(stack)[2], MOVIE[2])
    assert (stack.path, stack.dataset) == (path, inside)
    assert open_stack(path, dataset=inside).shape == MOVIE.shape


@pytest.mark.parametrize(
    ("inside", "words"),
    [("/nothing", "no dataset /nothing"), ("/exp/times", "is no image"),
     ("/note", "is no image")],
)  # fmt: skip
def test_what_is_not_there_or_no_image_is_explained(path, inside, words):
    with pytest.raises(StackError, match=words) as caught:
        open_stack(f"{path}::{inside}")
    assert "/exp/raw" in str(caught.value)


def test_other_files_have_no_dataset_to_choose(tmp_path):
    np.save(tmp_path / "a.npy", MOVIE)
    with pytest.raises(StackError, match="has no dataset to choose"):
        open_stack(f"{tmp_path / 'a.npy'}::/exp")
    with pytest.raises(StackError, match="has no level to choose"):
        open_stack(tmp_path / "a.npy", level=1)
    with pytest.raises(StackError, match="has no series to choose"):
        open_stack(tmp_path / "a.npy", series=1)


def test_dimension_labels_and_pixel_sizes_are_used(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("v", data=MOVIE)
        for number, label in enumerate("zyx"):
            data.dims[number].label = label
        data.attrs["element_size_um"] = (2.0, 0.5, 0.25)
    assert open_stack(tmp_path / "a.h5").axes == (
        Axis("z", 6, 2.0, "micrometer"),
        Axis("y", 20, 0.5, "micrometer"),
        Axis("x", 30, 0.25, "micrometer"),
    )


def test_the_axis_tags_of_ilastik_are_used(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("v", data=MOVIE[..., None])
        tags = {"axes": [{"key": key} for key in "tyxc"]}
        data.attrs["axistags"] = json.dumps(tags)
    assert axis_names(open_stack(tmp_path / "a.h5").axes) == "tyxc"


@pytest.mark.parametrize("tags", ["{", "[]", '{"axes": 3}', '{"axes": ["t"]}'])
def test_nonsense_about_axes_is_ignored(tmp_path, tags):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", data=MOVIE).attrs["axistags"] = tags
    assert axis_names(open_stack(tmp_path / "a.h5").axes) == "iyx"


def test_opening_reads_no_pixel_and_a_frame_only_its_chunks(path, monkeypatch):
    read = []
    getitem = h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda s, key: read.append(key) or getitem(s, key)
    )
    stack = open_stack(path)
    assert not read
    stack_frames(stack)[4]
    assert read == [(4, slice(None), slice(None))]


def test_chunks_are_looked_up_once_and_not_for_every_frame(path):
    # HDF5 finds a chunk's length only by searching all chunks before it.
    with h5py.File(path, "r") as file:
        dataset = file["exp/raw"]
        ids = Mock(wraps=dataset.id)
        array = Hdf5Array(file, Watched(dataset, ids))
        for frame in range(len(MOVIE)):
            np.testing.assert_array_equal(array[frame], MOVIE[frame])
    assert [name for name, *_ in ids.method_calls] == ["chunk_iter"]


def test_a_chunk_that_is_too_long_spoils_only_frames_that_need_it(path):
    with h5py.File(path, "r+") as file:
        file["exp/raw"].id.write_direct_chunk((2, 8, 0), bytes(1 << 14))
    array = open_stack(path).array
    np.testing.assert_array_equal(array[1], MOVIE[1])
    np.testing.assert_array_equal(array[2, :8], MOVIE[2, :8])
    for key in ((3,), (-3, 15, 7), (slice(None), 8, slice(4))):
        with pytest.raises(FrameError, match=r"\(2, 8, 0\) is 16384 bytes long"):
            array[key]


def test_a_damaged_chunk_is_one_frame_only(path):
    with h5py.File(path, "r") as file:
        where = file["exp/raw"].id.get_chunk_info_by_coord((4, 0, 0)).byte_offset
    data = bytearray(path.read_bytes())
    data[where : where + 20] = b"\0" * 20
    path.write_bytes(data)
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[0], MOVIE[0])
    with pytest.raises(FrameError, match="Frame 4"):
        frames[4]


def test_a_closed_file_can_be_replaced_and_is_not_read(path):
    stack = open_stack(path)
    stack.close()
    with pytest.raises(FrameError):
        stack_frames(stack)[0]
    with h5py.File(path, "w") as file:
        file["other"] = MOVIE


def test_a_missing_filter_is_named(path, monkeypatch):
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(StackError, match=r"deflate.*hdf5plugin"):
        open_stack(path)


@pytest.mark.parametrize("content", [b"", b"words", b"\x89HDF\r\n\x1a\n" + b"\0" * 99])
def test_what_is_no_hdf5_file_is_explained(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(StackError, match=r"a\.h5 cannot be read as an HDF5 file"):
        open_stack(tmp_path / "a.h5")


def test_without_the_package_the_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'napari-sam2\[hdf5\]'"):
        open_stack(path)
