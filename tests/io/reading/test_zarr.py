import sys

import numpy as np
import pytest

from napari_sam2.core.axes import Axis, axis_names
from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.core.unnamed_axes import guess_axis_names
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

zarr = pytest.importorskip("zarr")

DATA = np.random.default_rng(0).integers(0, 4000, (5, 2, 20, 30)).astype(np.uint16)


def image(path, version: str, **extra):
    """Write an OME-Zarr image with two levels."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    chunks = (1, 1, 20, 30)
    full = group.create_array("0", shape=DATA.shape, chunks=chunks, dtype="u2")
    full[...] = DATA
    small = group.create_array("1", shape=(5, 2, 10, 15), chunks=chunks, dtype="u2")
    small[...] = DATA[..., ::2, ::2]
    axes = [
        {"name": "time", "type": "time", "unit": "second"},
        {"name": "stain", "type": "channel"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    scale = {"type": "scale", "scale": [1.0, 1.0, 0.5, 0.25]}
    levels = [
        {"path": "0", "coordinateTransformations": [scale]},
        {"path": "1", "coordinateTransformations": [scale]},
    ]
    scales = [{"version": version, "axes": axes, "datasets": levels, **extra}]
    if version == "0.4":
        group.attrs["multiscales"] = scales
    else:
        group.attrs["ome"] = {"version": version, "multiscales": scales}
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_gives_full_resolution_with_pixel_sizes(tmp_path, version):
    whole = [{"type": "scale", "scale": [30.0, 1.0, 1.0, 1.0]}]
    path = image(tmp_path / "a.ome.zarr", version, coordinateTransformations=whole)
    stack = open_stack(path)
    assert stack.axes == (
        Axis("t", 5, 30.0, "second"),
        Axis("c", 2),
        Axis("y", 20, 0.5, "micrometer"),
        Axis("x", 30, 0.25, "micrometer"),
    )
    np.testing.assert_array_equal(stack_frames(stack)[4], DATA[4, 0])
    picked = stack_frames(stack, channels=(1,))
    np.testing.assert_array_equal(picked[2], DATA[2, 1])


@pytest.mark.parametrize(
    ("described", "letter"),
    [
        ({"name": "scene"}, "q"),
        ({"name": "tile", "type": "custom"}, "q"),
        ({"name": "condition"}, "q"),
        ({"name": "zoom"}, "q"),
        ({}, "q"),
        ({"name": "position"}, "p"),
        ({"name": "q_0"}, "q"),
        ({"name": "depth", "type": "space"}, "d"),
        ({"name": "time"}, "t"),
    ],
)
def test_names_of_ones_own_are_no_time_colour_or_depth(tmp_path, described, letter):
    path = image(tmp_path / "a.ome.zarr", "0.5")
    group = zarr.open_group(path, mode="r+")
    content = dict(group.attrs["ome"])
    content["multiscales"][0]["axes"][1] = described
    group.attrs["ome"] = content
    stack = open_stack(path)
    assert axis_names(stack.axes) == f"t{letter}yx"
    assert not stack.is_rgb


@pytest.mark.parametrize("version", [2, 3])
def test_a_bare_array_is_a_stack(tmp_path, version):
    path = tmp_path / "a.zarr"
    zarr.save_array(path, DATA[:, 0], zarr_format=version)
    frames = stack_frames(open_stack(path))
    assert len(frames) == 5
    np.testing.assert_array_equal(frames[3], DATA[3, 0])


@pytest.mark.parametrize("place", ["start", "end"])
@pytest.mark.parametrize("frames", [1, 5])
@pytest.mark.parametrize("codec", ["BloscCodec", "GzipCodec", "ZstdCodec"])
def test_shards_are_read_whole_and_in_part(tmp_path, codec, frames, place):
    path = tmp_path / "a.zarr"
    data = DATA[:, 0].copy()
    data[0, :10] = 0  # the first chunks of a shard are empty
    array = zarr.create_array(
        path, shape=data.shape, chunks=(1, 10, 15), dtype="u2", fill_value=0,
        shards={"shape": (frames, 20, 30), "index_location": place},
        compressors=getattr(zarr.codecs, codec)(),
    )  # fmt: skip
    array[...] = data
    stack = open_stack(path)
    for frame in range(5):
        np.testing.assert_array_equal(stack_frames(stack)[frame], data[frame])
    np.testing.assert_array_equal(stack.array[3, 10:, 15:], data[3, 10:, 15:])


def test_a_chunk_of_a_shard_that_becomes_too_large_is_refused(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=(5, 20, 30), chunks=(1, 20, 30), shards=(5, 20, 30), dtype="u2",
        compressors=zarr.codecs.GzipCodec(),
    )  # fmt: skip
    array[...] = DATA[:, 0]
    shard = path / "c/0/0/0"
    data = bytearray(shard.read_bytes())
    start, length = np.frombuffer(data[-5 * 16 - 4 :], "<u8", 4)[2:].tolist()
    data[start + length - 4 : start + length] = b"\xff\xff\xff\x7f"
    shard.write_bytes(data)
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[0], DATA[0, 0])
    with pytest.raises(FrameError, match="would become 2147483647 bytes"):
        frames[1]


@pytest.mark.parametrize("wrong", [0.0, -2.0, float("inf"), float("nan")])
def test_a_pixel_size_that_none_can_have_is_left_out(tmp_path, wrong):
    whole = [{"type": "scale", "scale": [1.0, 1.0, wrong, 1.0]}]
    path = image(tmp_path / "a.ome.zarr", "0.4", coordinateTransformations=whole)
    assert open_stack(path).axes[2:] == (
        Axis("y", 20),
        Axis("x", 30, 0.25, "micrometer"),
    )


def test_zarr_is_recognised_whatever_the_folder_is_called(tmp_path):
    zarr.save_array(tmp_path / "movie", DATA[:, 0])
    assert open_stack(tmp_path / "movie").shape == (5, 20, 30)


def test_dimension_names_of_zarr_3_are_used(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=(4, 20, 30), dtype="u1", dimension_names=["z", "y", "x"]
    )
    array[...] = 1
    assert axis_names(open_stack(path).axes) == "zyx"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (["time", "z", "y", "x"], "tzyx"),
        (["Channel", "z", "y", "x"], "czyx"),
        (["t", "depth", "lat", "lon"], None),
        (["z", None, "y", "x"], None),
        ("tzyx", None),
        ([3, {}, [], 0.5], None),
        (["z", "y", "x"], None),
    ],
)
def test_dimensions_of_xarray_are_used_where_each_is_known(tmp_path, told, found):
    shape, path = (3, 4, 20, 30), tmp_path / "a.zarr"
    array = zarr.create_array(path, shape=shape, dtype="u1", zarr_format=2)
    array.attrs["_ARRAY_DIMENSIONS"] = told
    wanted = guess_axis_names(shape) if found is None else found
    assert axis_names(open_stack(path).axes) == wanted


def test_whole_words_of_dimensions_in_zarr_3_are_used(tmp_path):
    path, names = tmp_path / "a.zarr", ["time", "z", "y", "x"]
    zarr.create_array(path, shape=(3, 4, 20, 30), dtype="u1", dimension_names=names)
    assert axis_names(open_stack(path).axes) == "tzyx"


def test_the_arrays_of_a_plain_group_are_listed(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    for name in ("raw", "dapi"):
        group.create_array(name, shape=(4, 20, 30), dtype="u1")
    with pytest.raises(StackError, match="dapi, raw"):
        open_stack(tmp_path / "a.zarr")
    assert open_stack(tmp_path / "a.zarr" / "raw").shape == (4, 20, 30)


def test_a_missing_chunk_is_background_and_a_damaged_one_an_error(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(path, shape=(3, 20, 30), chunks=(1, 20, 30), dtype="u2")
    array[...] = DATA[:3, 0]
    (path / "c/1/0/0").write_bytes(b"broken")
    (path / "c/2/0/0").unlink()
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[0], DATA[0, 0])
    with pytest.raises(FrameError, match="Frame 1"):
        frames[1]
    assert not frames[2].any()


def test_what_is_no_zarr_is_explained(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(StackError, match=r"a\.zarr cannot be opened as Zarr"):
        open_stack(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    with pytest.raises(StackError, match=r"a\.zarr cannot be opened as Zarr"):
        open_stack(tmp_path / "a.zarr")


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    zarr.save_array(path, DATA[:, 0])
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'napari-sam2\[zarr\]'"):
        open_stack(path)


def test_one_of_several_converted_images_is_chosen(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.attrs["bioformats2raw.layout"] = 3
    image(tmp_path / "a.zarr" / "0", "0.4")
    assert open_stack(tmp_path / "a.zarr").shape == DATA.shape
    image(tmp_path / "a.zarr" / "1", "0.4")
    with pytest.raises(StackError, match=r"2 images.*--series.*0, 1"):
        open_stack(tmp_path / "a.zarr")
    assert open_stack(tmp_path / "a.zarr", series=1).shape == DATA.shape
    with pytest.raises(StackError, match="no series 2"):
        open_stack(tmp_path / "a.zarr", series=2)


def test_an_array_is_named_behind_two_colons(tmp_path):
    path = image(tmp_path / "a.zarr", "0.5")
    assert open_stack(f"{path}::1").shape == (5, 2, 10, 15)
    with pytest.raises(StackError, match=r"no array or group 7: .* 0, 1"):
        open_stack(f"{path}::7")


def test_what_is_in_a_group_is_listed_by_its_whole_name(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    with pytest.raises(StackError, match="there are no arrays in it"):
        open_stack(path)
    for name in ("inner/first", "inner/second", "third", "fourth"):
        group.create_array(name, data=DATA[:, 0])
    with pytest.raises(StackError, match="NAME: fourth, inner/first, inner/second, th"):
        open_stack(path)
    assert open_stack(f"{path}::inner/first").shape == DATA[:, 0].shape
    with pytest.raises(StackError, match="it is an array itself"):
        open_stack(f"{path / 'third'}::nope")


def test_groups_are_named_where_arrays_lie_too_deep_to_be_listed(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    group.create_array("a/b/c/d/e", data=DATA[:, 0])
    group.create_group("f")
    with pytest.raises(StackError, match=r"Look into .*::NAME: a/b/c/d\."):
        open_stack(path)
    assert open_stack(f"{path}::a/b/c/d").shape == DATA[:, 0].shape
