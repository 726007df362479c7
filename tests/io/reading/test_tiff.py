import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError, Sam2Error, StackError
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

MOVIE = np.random.default_rng(0).integers(0, 4000, (6, 20, 30)).astype(np.uint16)


def write(path: Path, data=MOVIE, **options) -> Path:
    tifffile.imwrite(path, data, **options)
    return path


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.fixture(autouse=True)
def quiet_tifffile(caplog):
    caplog.set_level(logging.CRITICAL, "tifffile")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"imagej": True},
        {"ome": True, "metadata": {"axes": "TYX"}},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zstd", "tile": (16, 16)},
        {"tile": (16, 16)},
        {"rowsperstrip": 7},
        {"photometric": "minisblack", "metadata": None},
        {"photometric": "minisblack", "metadata": None, "compression": "zlib"},
    ],
    ids=str,
)
def test_every_flavour_gives_the_same_frames(tmp_path, options):
    frames = stack_frames(open_stack(write(tmp_path / "movie.tif", **options)))
    assert (len(frames), frames.shape_hw, frames.is_rgb) == (6, (20, 30), False)
    assert frames.dtype == np.uint16
    for t in (5, 0, 3):
        np.testing.assert_array_equal(frames[t], MOVIE[t])
        assert frames[t].dtype.isnative


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8", "?"]
)
def test_any_real_type_of_pixel_is_kept(tmp_path, dtype):
    data = MOVIE.astype(dtype)
    frames = stack_frames(open_stack(write(tmp_path / "movie.tif", data)))
    np.testing.assert_array_equal(frames[2], data[2])


def turned(path: Path, orientation: int, data=MOVIE, **options) -> Path:
    """Write a file that says how its pictures are meant to be turned."""
    return write(path, data, extratags=[(274, "H", 1, orientation, True)], **options)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}], ids=str)
@pytest.mark.parametrize("orientation", range(10))
def test_pictures_lie_as_in_napari_and_what_the_file_says_otherwise_is_told(
    tmp_path, orientation, options
):
    stack = open_stack(turned(tmp_path / "movie.tif", orientation, **options))
    np.testing.assert_array_equal(stack_frames(stack)[2], MOVIE[2])
    told = [orientation] if orientation in range(2, 9) else []
    assert len(stack.notices) == len(told)
    for notice, number in zip(stack.notices, told, strict=True):
        assert f"movie.tif asks to be shown turned or mirrored ({number}" in notice


def test_pictures_in_a_folder_that_are_to_be_turned_are_told(tmp_path):
    for number in range(3):
        turned(tmp_path / f"{number}.tif", 6, MOVIE[number])
    stack = open_stack(tmp_path)
    np.testing.assert_array_equal(stack_frames(stack)[2], MOVIE[2])
    (notice,) = stack.notices
    assert "0.tif asks to be shown turned" in notice


def test_complex_pixels_are_refused(tmp_path):
    with pytest.raises(StackError, match="complex64"):
        open_stack(write(tmp_path / "movie.tif", MOVIE.astype(np.complex64)))


def test_uncompressed_stacks_are_mapped_not_read(tmp_path):
    stack = open_stack(write(tmp_path / "movie.tif"))
    assert isinstance(stack.array, np.memmap)


def test_compressed_stacks_are_read_one_page_at_a_time(tmp_path, monkeypatch):
    stack = open_stack(write(tmp_path / "movie.tif", compression="zlib"))
    decoded = []
    asarray = tifffile.TiffPage.asarray
    for page in (tifffile.TiffPage, tifffile.TiffFrame):
        monkeypatch.setattr(
            page, "asarray", lambda self: decoded.append(self.index) or asarray(self)
        )
    stack_frames(stack)[4]
    assert decoded == [4]


def test_imagej_axes_and_pixel_sizes(tmp_path):
    data = np.zeros((3, 4, 2, 8, 9), np.uint16)
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 2.5, "finterval": 30.0}
    path = tmp_path / "hyper.tif"
    write(path, data, imagej=True, resolution=(4, 5), metadata=metadata)
    assert open_stack(path).axes == (
        Axis("t", 3, 30.0, "second"),
        Axis("z", 4, 2.5, "micrometer"),
        Axis("c", 2),
        Axis("y", 8, 0.2, "micrometer"),
        Axis("x", 9, 0.25, "micrometer"),
    )


def test_ome_axes_and_pixel_sizes(tmp_path):
    metadata = {
        "axes": "TYX",
        "PhysicalSizeX": 65,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.065,
        "TimeIncrement": 2.0,
        "TimeIncrementUnit": "min",
    }
    path = write(tmp_path / "movie.ome.tif", ome=True, metadata=metadata)
    assert open_stack(path).axes == (
        Axis("t", 6, 2.0, "minute"),
        Axis("y", 20, 0.065, "micrometer"),
        Axis("x", 30, 65.0, "nanometer"),
    )


def test_centimetres_are_trusted_and_inches_are_not(tmp_path):
    plain = {"photometric": "minisblack", "metadata": None, "resolution": (1e4, 2e4)}
    centimetres = write(tmp_path / "a.tif", resolutionunit="CENTIMETER", **plain)
    inches = write(tmp_path / "b.tif", resolutionunit="INCH", **plain)
    assert [a.scale for a in open_stack(centimetres).axes] == [1.0, 0.5, 1.0]
    assert open_stack(centimetres).axes[1].unit == "micrometer"
    assert all(axis.unit == "" for axis in open_stack(inches).axes)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_is_recognised_however_it_is_stored(tmp_path, planar):
    data = np.random.default_rng(1).integers(0, 255, (4, 20, 30, 3)).astype(np.uint8)
    stored = data if planar == "contig" else np.moveaxis(data, -1, 1)
    path = tmp_path / "rgb.tif"
    write(path, stored, photometric="rgb", planarconfig=planar, compression="zlib")
    frames = stack_frames(open_stack(path))
    assert (len(frames), frames.is_rgb) == (4, True)
    np.testing.assert_array_equal(frames[3], data[3])


def test_one_of_several_series_is_chosen(tmp_path):
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(MOVIE)
        file.write(MOVIE[:2, :10, :10])
    assert open_stack(path).shape == (6, 20, 30)
    assert open_stack(path, series=1).shape == (2, 10, 10)
    with pytest.raises(StackError, match="no series 2: it has 2"):
        open_stack(path, series=2)


def test_that_there_are_other_series_is_told_where_none_was_chosen(tmp_path):
    with tifffile.TiffWriter(tmp_path / "two.tif") as file:
        file.write(MOVIE)
        file.write(MOVIE[:2, :10, :10])
    (notice,) = open_stack(tmp_path / "two.tif").notices
    assert "two.tif holds 2 images. Image 0 is shown" in notice
    assert "--series N" in notice
    assert open_stack(tmp_path / "two.tif", series=0).notices == ()
    assert open_stack(write(tmp_path / "one.tif")).notices == ()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"imagej": True},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"compression": "zlib"},
        {"photometric": "minisblack", "metadata": None, "compression": "lzw"},
        {"ome": True, "metadata": {"axes": "TYX"}, "compression": "zlib"},
    ],
    ids=str,
)
def test_of_a_file_that_is_cut_off_the_first_frames_can_be_read(tmp_path, options):
    path = cut(write(tmp_path / "movie.tif", **options), 0.6)
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[0], MOVIE[0])
    np.testing.assert_array_equal(frames[1], MOVIE[1])
    if "photometric" in options or "ome" in options:  # nothing at the start says six
        assert 2 <= len(frames) < 6
    else:
        assert len(frames) == 6
        with pytest.raises(FrameError, match="cut off"):
            frames[5]
        with pytest.raises(FrameError, match="does not exist"):
            frames[6]


def test_nothing_is_said_of_pictures_before_the_first(tmp_path):
    path = write(tmp_path / "movie.tif", photometric="minisblack", metadata={})
    whole = path.read_bytes()
    for share in (0.02, 0.05, 0.1):
        path.write_bytes(whole[: int(share * len(whole))])
        try:
            stack_frames(open_stack(path))[0]
        except Sam2Error as error:
            assert "pictures before" not in str(error)


def test_a_cut_hyperstack_keeps_its_shape_and_pixel_size(tmp_path):
    data = np.arange(3 * 4 * 2 * 8 * 9, dtype=np.uint16).reshape(3, 4, 2, 8, 9)
    path = tmp_path / "hyper.tif"
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 2.5}
    cut(write(path, data, imagej=True, resolution=(4, 4), metadata=metadata), 0.25)
    stack = open_stack(path)
    assert (stack.shape, stack.axes[3]) == (
        data.shape,
        Axis("y", 8, 0.25, "micrometer"),
    )
    frames = stack_frames(stack, "t", (1,), {"z": 2})
    np.testing.assert_array_equal(frames[0], data[0, 2, 1])
    with pytest.raises(FrameError, match="cut off"):
        frames[2]


def test_a_cut_mapped_file_is_not_mapped(tmp_path):
    stack = open_stack(cut(write(tmp_path / "movie.tif", imagej=True), 0.6))
    assert isinstance(stack.array, PagedArray)


@pytest.mark.parametrize(
    "content", [b"", b"once upon a time", b"II*\0", b"II*\0\x08\0\0\0"]
)
def test_what_is_no_tiff_is_explained(tmp_path, content):
    path = tmp_path / "story.tif"
    path.write_bytes(content)
    with pytest.raises(StackError, match=r"story\.tif"):
        open_stack(path)


@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.3])
def test_any_cut_gives_a_stack_or_a_sentence(tmp_path, share):
    path = cut(write(tmp_path / "movie.tif", compression="zlib"), share)
    try:
        frames = stack_frames(open_stack(path))
        frames[len(frames) - 1]
    except (StackError, FrameError) as error:
        assert "movie.tif" in str(error)


def test_damaged_pixels_are_a_frame_error(tmp_path):
    path = write(tmp_path / "movie.tif", compression="zlib")
    with tifffile.TiffFile(path) as file:
        start = file.pages[2].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[start : start + 100] = b"\xff" * 100
    path.write_bytes(data)
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[1], MOVIE[1])
    with pytest.raises(FrameError, match="Picture 2"):
        frames[2]
    np.testing.assert_array_equal(frames[3], MOVIE[3])


def test_one_pixel_and_one_frame_are_stacks(tmp_path):
    one = stack_frames(open_stack(write(tmp_path / "a.tif", np.full((1, 1), 7, "u1"))))
    assert (len(one), one.shape_hw, one[0].tolist()) == (1, (1, 1), [[7]])
    data = np.arange(5, dtype="u1")[:, None, None]
    path = write(tmp_path / "b.tif", data, photometric="minisblack", metadata=None)
    pixels = stack_frames(open_stack(path))
    assert (len(pixels), pixels[3].tolist()) == (5, [[3]])
