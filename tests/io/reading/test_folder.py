import re

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.io.reading import odd_pictures
from napari_sam2.io.reading.picture_files import natural_key, picture_files
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

GREY = np.random.default_rng(0).integers(0, 255, (12, 20, 30)).astype(np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "TIFF", "PNG"])
def test_frames_come_in_natural_order(tmp_path, suffix):
    for t, picture in enumerate(GREY):
        path = tmp_path / f"img{t}.{suffix}"
        if suffix.lower().startswith("t"):
            tifffile.imwrite(path, picture, compression="zlib")
        else:
            Image.fromarray(picture).save(path)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._img0.png").write_text("what macOS leaves behind")
    frames = stack_frames(open_stack(tmp_path))
    assert len(frames) == 12
    for t in (11, 2, 10):
        np.testing.assert_array_equal(frames[t], GREY[t])


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=9, unique=True))
def test_numbers_in_names_sort_by_value(numbers):
    names = [f"frame_{number}_a.png" for number in numbers]
    ordered = sorted(names, key=natural_key)
    assert ordered == [f"frame_{number}_a.png" for number in sorted(numbers)]


def test_numbers_that_are_padded_differently_have_an_order_of_their_own(tmp_path):
    """A file system lists them as it likes: frames must not depend on it."""
    names = ["a001.png", "a01.png", "a1.png"]
    for name in reversed(names):
        Image.fromarray(GREY[0]).save(tmp_path / name)
    assert [file.name for file in picture_files(tmp_path)] == names


@given(st.lists(st.text(max_size=8), max_size=8))
def test_any_names_can_be_ordered(names):
    sorted(names, key=natural_key)


def test_jpeg_colour(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.jpg", quality=95)
    frames = stack_frames(open_stack(tmp_path))
    assert (len(frames), frames.is_rgb, frames[0].shape) == (1, True, (20, 30, 3))


@pytest.mark.parametrize(
    ("mode", "shape", "dtype"),
    [("1", (20, 30), "u1"), ("P", (20, 30, 3), "u1"), ("LA", (20, 30), "u1"),
     ("RGBA", (20, 30, 3), "u1"), ("I;16", (20, 30), "u2")],
)  # fmt: skip
def test_every_mode_of_png_becomes_pixels(tmp_path, mode, shape, dtype):
    picture = Image.fromarray(COLOUR)
    if mode == "I;16":
        picture = Image.fromarray(GREY[0].astype(np.uint16) * 200)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    frames = stack_frames(open_stack(tmp_path))
    assert (frames[0].shape, frames.dtype) == (shape, np.dtype(dtype))


def photograph(path, pixels, orientation):
    """Save pixels with a note of how the camera was held."""
    picture = Image.fromarray(pixels)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    return path


@pytest.mark.parametrize("is_alone", [True, False])
def test_colours_that_lie_in_planes_are_colours(tmp_path, is_alone):
    path = tmp_path / "a.tif"
    stored = np.moveaxis(COLOUR, -1, 0)
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig="separate")
    frames = stack_frames(open_stack(path if is_alone else tmp_path))
    assert (len(frames), frames.is_rgb) == (1, True)
    np.testing.assert_array_equal(frames[0], COLOUR)


def test_a_picture_that_is_a_volume_is_refused_in_a_folder(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, volumetric=True, tile=(16, 32, 32))
    with pytest.raises(StackError, match=r"a\.tif is a stack itself"):
        open_stack(tmp_path)


@pytest.mark.parametrize("samples", [2, 3, 4])
def test_colours_of_16_bits_keep_all_of_them(tmp_path, samples):
    pixels = np.arange(20 * 30 * samples, dtype=np.uint16).reshape(20, 30, samples)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    for path in (tmp_path / "a.png", tmp_path):
        frames = stack_frames(open_stack(path))
        wanted = pixels[..., 0] if samples == 2 else pixels[..., :3]
        np.testing.assert_array_equal(frames[0], wanted)
        assert frames.dtype == np.uint16


def test_an_animation_is_not_shown_as_its_first_picture(tmp_path):
    first, *others = map(Image.fromarray, GREY[:3])
    first.save(tmp_path / "a.png", save_all=True, append_images=others)
    for path in (tmp_path / "a.png", tmp_path):
        with pytest.raises(StackError, match=r"a\.png is an animation of 3 pictures"):
            open_stack(path)


@pytest.mark.parametrize("pixels", [GREY[0], COLOUR])
@pytest.mark.parametrize("orientation", range(10))
def test_photographs_are_seen_as_the_camera_was_held(tmp_path, orientation, pixels):
    path = photograph(tmp_path / "a.png", pixels, orientation)
    with Image.open(path) as stored:
        shown = np.asarray(ImageOps.exif_transpose(stored))
    for stack in (open_stack(tmp_path), open_stack(path)):
        frames = stack_frames(stack)
        assert frames.shape_hw == shown.shape[:2]
        np.testing.assert_array_equal(frames[0], shown)


def test_a_camera_may_be_turned_between_photographs(tmp_path):
    photograph(tmp_path / "IMG_8.jpg", COLOUR, 1)
    sideways = np.ascontiguousarray(np.rot90(COLOUR))
    photograph(tmp_path / "IMG_9.jpg", sideways, 6)
    photograph(tmp_path / "IMG_10.jpg", COLOUR, 6)
    frames = stack_frames(open_stack(tmp_path))
    difference = frames[0].astype(int) - frames[1]
    assert np.abs(difference).mean() < 20  # JPEG loses something
    with pytest.raises(FrameError, match=r"IMG_10\.jpg is 30 × 20 .*first .* 20 × 30"):
        frames[2]


@pytest.mark.parametrize("note", [b"", b"Exif", b"Exif\0\0MM", b"Exif\0\0words" * 9])
def test_a_damaged_note_does_not_matter(tmp_path, note):
    Image.fromarray(COLOUR).save(tmp_path / "a.jpg", exif=note)
    assert stack_frames(open_stack(tmp_path))[0].shape == COLOUR.shape


def test_only_the_first_picture_is_read_at_opening(tmp_path):
    Image.fromarray(GREY[0]).save(tmp_path / "0.png")
    for t in range(1, 300):
        (tmp_path / f"{t}.png").write_bytes(b"never looked at")
    frames = stack_frames(open_stack(tmp_path))
    assert len(frames) == 300
    with pytest.raises(FrameError, match=r"7\.png could not be read"):
        frames[7]


@pytest.mark.parametrize("other", [GREY[1, :, :29], COLOUR])
def test_a_picture_of_another_size_is_named(tmp_path, other):
    Image.fromarray(GREY[0]).save(tmp_path / "a.png")
    Image.fromarray(other).save(tmp_path / "b.png")
    frames = stack_frames(open_stack(tmp_path))
    frames[0]
    with pytest.raises(
        FrameError, match=r"b\.png is 20 × .*first one.* 20 × 30.*Convert"
    ):
        frames[1]


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
def test_pictures_of_other_sizes_are_told_at_the_start(tmp_path, suffix):
    for frame, shape in enumerate([(20, 30)] * 4 + [(20, 29), (20, 30), (9, 9)]):
        path = tmp_path / f"{frame}.{suffix}"
        if suffix == "tif":
            tifffile.imwrite(path, np.zeros(shape, np.uint8))
        else:
            Image.fromarray(np.zeros(shape, np.uint8)).save(path)
    stack = open_stack(tmp_path)
    (notice,) = stack.notices
    assert f"The picture 4.{suffix}, frame 4, is 20 × 29 pixels" in notice
    assert "20 × 30 (and 1 more" in notice
    assert stack_frames(stack)[3].shape == (20, 30), "those before can be used"


def test_a_slow_drive_is_asked_for_few_pictures(tmp_path, monkeypatch):
    for frame in range(60):
        Image.fromarray(GREY[0]).save(tmp_path / f"{frame}.png")
    asked = []

    def slow(path):
        asked.append(path)
        return GREY[0].shape

    monkeypatch.setattr(odd_pictures, "_of", slow)
    monkeypatch.setattr(odd_pictures.time, "monotonic", lambda: 0.3 * len(asked))
    assert open_stack(tmp_path).notices == ()
    assert 1 < len(asked) < 6


def test_pictures_that_lie_on_their_side_may_be_of_one_size(tmp_path):
    photograph(tmp_path / "0.jpg", COLOUR, 1)
    photograph(tmp_path / "1.jpg", np.ascontiguousarray(np.rot90(COLOUR)), 6)
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    assert open_stack(tmp_path).notices == ()


def test_a_deeper_picture_is_named_and_never_wrapped(tmp_path):
    Image.fromarray(GREY[0]).save(tmp_path / "a.png")
    Image.fromarray(GREY[1].astype(np.uint16) * 12).save(tmp_path / "b.png")
    frames = stack_frames(open_stack(tmp_path))
    frames[0]
    with pytest.raises(FrameError, match=r"b\.png has pixels of uint16.* uint8"):
        frames[1]


def test_a_shallower_picture_keeps_its_values(tmp_path):
    Image.fromarray(GREY[1].astype(np.uint16) * 12).save(tmp_path / "a.png")
    Image.fromarray(GREY[0]).save(tmp_path / "b.png")
    frames = stack_frames(open_stack(tmp_path))
    np.testing.assert_array_equal(frames[1], GREY[0])


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert picture_files(tmp_path) == []
    with pytest.raises(StackError, match="holds no pictures"):
        open_stack(tmp_path)


def test_a_stack_among_pictures_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="minisblack")
    with pytest.raises(StackError, match="a stack itself"):
        open_stack(tmp_path)


def test_a_single_picture_is_one_frame(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png")
    frames = stack_frames(open_stack(tmp_path / "a.png"))
    assert (len(frames), frames.is_rgb) == (1, True)
    np.testing.assert_array_equal(frames[0], COLOUR)


def test_a_text_file_called_png_is_explained(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    for path in (tmp_path, tmp_path / "a.png"):
        with pytest.raises(StackError, match=r"a\.png could not be read"):
            open_stack(path)


def test_a_folder_of_sequences_lists_them(tmp_path):
    """The layout of DAVIS: JPEGImages/480p/bear/00000.jpg."""
    for name in ("bear", "dog", "cat2", "cat10"):
        folder = tmp_path / "JPEGImages" / "480p" / name
        folder.mkdir(parents=True)
        Image.fromarray(COLOUR).save(folder / "00000.jpg")
    for path in (tmp_path / "JPEGImages" / "480p", tmp_path / "JPEGImages"):
        with pytest.raises(StackError, match=r"bear, .*cat2, .*cat10, .*dog\."):
            open_stack(path)
    sequence = tmp_path / "JPEGImages" / "480p" / "dog"
    assert open_stack(sequence).shape == (1, 20, 30, 3)


@pytest.mark.parametrize("series", ["ser1", "DICOM/PA0/ST0/SE1"])
def test_a_folder_of_series_lists_them(tmp_path, series):
    pytest.importorskip("pydicom")
    from tests.io.dicom_files import write_series

    (tmp_path / series).mkdir(parents=True)
    write_series(tmp_path / series, GREY[:2])
    for path in (tmp_path / series).iterdir():  # as scanners name them
        path.rename(path.with_suffix(""))
    place = re.escape(str(tmp_path / series))
    with pytest.raises(StackError, match=rf"no DICOM slices itself, .*them: {place}\."):
        open_stack(tmp_path)


def test_many_sequences_are_not_all_listed(tmp_path):
    for number in range(50):
        (tmp_path / f"clip{number}").mkdir()
        Image.fromarray(GREY[0]).save(tmp_path / f"clip{number}" / "0.png")
    with pytest.raises(StackError, match=r"clip0, .* and 30 more\."):
        open_stack(tmp_path)
