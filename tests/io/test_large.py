"""Stacks far larger than memory: opened at once, read frame by frame.

Nothing is written but headers: chunks that are not there are background.
"""

import numpy as np
import psutil
import pytest
import tifffile

from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

SHAPE = (20_000, 1024, 1024)


def sparse_zarr(path, chunks, shape=SHAPE):
    zarr = pytest.importorskip("zarr")
    zarr.create_array(path, shape=shape, chunks=chunks, dtype="u2")


def sparse_hdf5(path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", shape=SHAPE, chunks=(1, 256, 256), dtype="u2")


def sparse_tiff(path):
    shape = (5000, 1024, 1024)
    tifffile.memmap(path, shape=shape, dtype="u2", bigtiff=True).flush()


MADE = {
    "625GiB.zarr": lambda path: sparse_zarr(path, (1, 512, 512), (20_000, 4096, 4096)),
    "bricks.zarr": lambda path: sparse_zarr(path, (16, 256, 256)),
    "scan.h5": sparse_hdf5,
    "stack.tif": sparse_tiff,
}


class Counted:
    """Frames that say which of them were read."""

    def __init__(self, frames):
        self._frames, self.read = frames, []

    def __getattr__(self, name):
        return getattr(self._frames, name)

    def __len__(self):
        return len(self._frames)

    def __getitem__(self, frame):
        self.read.append(frame)
        return self._frames[frame]


@pytest.mark.parametrize("name", MADE)
def test_the_first_click_reads_its_frame_and_the_few_for_the_range(
    tmp_path, name, nano
):
    MADE[name](tmp_path / name)
    process = psutil.Process()
    before = process.memory_info().rss
    stack = open_stack(tmp_path / name)
    frames = Counted(stack_frames(stack))
    tracker = VideoTracker(nano, frames)
    last = len(frames) - 1
    tracker.add(PointPrompt(object_id=1, frame=last, point_yx=(500.0, 500.0)))
    assert frames.read.count(last) <= 2
    read = len(frames.read)
    assert read <= (5 if name == "625GiB.zarr" else 13)
    tracker.add(PointPrompt(object_id=1, frame=last, point_yx=(510.0, 500.0)))
    assert len(frames.read) == read  # the second click reads nothing
    grown = process.memory_info().rss - before
    assert grown < 1 << 30
    stack.close()


def test_dask_is_computed_frame_by_frame(miniature):
    da = pytest.importorskip("dask.array")
    computed = []

    def block(block_info=None):
        computed.append(block_info[None]["chunk-location"][0])
        return np.zeros((1, *SHAPE[1:]), np.uint16)

    array = da.map_blocks(block, chunks=((1,) * 2000, *SHAPE[1:]), dtype=np.uint16)
    computed.clear()
    tracker = VideoTracker(miniature, array)
    tracker.add(PointPrompt(object_id=1, frame=1500, point_yx=(500.0, 500.0)))
    assert set(computed) >= {1500}
    assert len(computed) <= 13
