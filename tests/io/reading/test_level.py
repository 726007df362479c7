import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import StackError
from napari_sam2.io.reading.level import CoarseArray, at_level
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

PATH = Path("a.zarr")


def test_each_pixel_shows_the_coarse_one_that_covers_it():
    coarse = np.arange(12).reshape(3, 4)
    array = CoarseArray(coarse, (6, 8))
    np.testing.assert_array_equal(array[:], coarse.repeat(2, 0).repeat(2, 1))


def test_sizes_need_not_be_multiples():
    array = CoarseArray(np.arange(3), (7,))
    np.testing.assert_array_equal(array[:], [0, 0, 1, 1, 1, 2, 2])


@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    data=st.data(),
)
def test_any_part_is_the_same_as_of_the_whole(shape, data):
    small = tuple(data.draw(st.integers(1, size)) for size in shape)
    array = CoarseArray(np.arange(np.prod(small)).reshape(small), shape)
    whole = array[:]
    key = tuple(data.draw(st.integers(0, size - 1) | st.slices(size)) for size in shape)
    np.testing.assert_array_equal(array[key], whole[key])


def test_only_the_coarse_pixels_of_a_part_are_read():
    class Counted:
        shape, dtype, keys = (5, 10, 10), np.dtype("u1"), []

        def __getitem__(self, key):
            self.keys.append(key)
            return np.zeros([s.stop - s.start for s in key[1:]], "u1")

    array = CoarseArray(Counted(), (5, 40, 40))
    assert array[3, 8:12].shape == (4, 40)
    assert Counted.keys == [(3, slice(2, 3), slice(0, 10))]


def test_a_level_that_is_not_there_or_no_reduction_is_explained():
    levels = [np.zeros((3, 8, 8)), np.zeros((3, 4, 4)), np.zeros((4, 9, 9))]
    assert at_level(PATH, levels, 0) is levels[0]
    assert at_level(PATH, levels, 1).shape == (3, 8, 8)
    for wrong in (3, -1):
        with pytest.raises(StackError, match=r"no level.*1: 3 × 4 × 4"):
            at_level(PATH, levels, wrong)
    with pytest.raises(StackError, match="no reduction"):
        at_level(PATH, levels, 2)


def pyramid(path: Path, suffix: str) -> np.ndarray:
    """Write a movie of 4 x 4 blocks at three levels; each halves the one before."""
    rng = np.random.default_rng(0)
    coarsest = rng.integers(0, 255, (3, 8, 10), np.uint8)
    levels = [coarsest.repeat(n, 1).repeat(n, 2) for n in (4, 2, 1)]
    if suffix == "tif":
        with tifffile.TiffWriter(path, ome=True) as file:
            options = {"tile": (16, 16), "compression": "zlib"}
            meta = {"axes": "TYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
            file.write(levels[0], subifds=2, metadata=meta, **options)
            for level in levels[1:]:
                file.write(level, subfiletype=1, **options)
        return levels[0]
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(path, mode="w", zarr_format=3)
    datasets = []
    for number, level in enumerate(levels):
        group.create_array(str(number), data=level, chunks=(1, 8, 8))
        scale = {"type": "scale", "scale": [1.0, 0.5 * 2**number, 0.5 * 2**number]}
        datasets.append({"path": str(number), "coordinateTransformations": [scale]})
    names = ("t", "time"), ("y", "space"), ("x", "space")
    axes = [{"name": name, "type": kind} for name, kind in names]
    image = {"axes": axes, "datasets": datasets}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    return levels[0]


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("suffix", ["zarr", "tif"])
def test_every_level_of_a_pyramid_has_the_coordinates_of_the_first(
    tmp_path, suffix, level
):
    path = tmp_path / f"a.{suffix}"
    full = pyramid(path, suffix)
    stack = open_stack(path, level=level)
    assert stack.shape == full.shape
    assert [axis.scale for axis in stack.axes] == [1.0, 0.5, 0.5]
    frames = stack_frames(stack)
    np.testing.assert_array_equal(frames[2], full[2])
    shapes = [tuple(one.shape) for one in stack.levels]
    assert shapes == ([] if level else [(3, 32, 40), (3, 16, 20), (3, 8, 10)])
    with pytest.raises(StackError, match="no level 3"):
        open_stack(path, level=3)


@pytest.mark.parametrize("suffix", ["zarr", "tif"])
def test_all_levels_are_read_at_once_from_many_threads(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    full = pyramid(path, suffix)
    stack = open_stack(path)
    assert stack.levels[0] is stack.array
    jobs = [(n, f) for n in range(3) for f in range(3)] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda job: np.asarray(stack.levels[job[0]][job[1]]), jobs)
        )
    for (n, frame), pixels in zip(jobs, found, strict=True):
        np.testing.assert_array_equal(pixels, full[frame, :: 2**n, :: 2**n])


def test_a_file_stays_open_as_long_as_one_of_its_levels_is_used(tmp_path):
    path = tmp_path / "a.tif"
    pyramid(path, "tif")
    closed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tifffile.TiffFile, "close", lambda file: closed.append(file))
        stack = open_stack(path, level=1)
        gc.collect()
        assert not closed
        stack.close()
        assert len(closed) == 1
    closed[0].close()


def test_a_coarse_level_reads_nothing_of_the_full_one(tmp_path):
    path = tmp_path / "a.zarr"
    full = pyramid(path, "zarr")
    for chunk in (path / "0" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"never read")
    np.testing.assert_array_equal(stack_frames(open_stack(path, level=2))[1], full[1])
