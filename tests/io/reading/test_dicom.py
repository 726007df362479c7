"""DICOM: values, series, films, and what cannot be read."""

import sys
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.io.reading import dicom
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

pydicom = pytest.importorskip("pydicom")

from tests.io.dicom_files import (  # noqa: E402
    AXIAL,
    VOLUME,
    dataset,
    save,
    write_series,
)


def test_files_without_an_ending_and_other_files_beside_them(tmp_path):
    write_series(tmp_path, VOLUME)
    for number, path in enumerate(sorted(tmp_path.glob("*.dcm"))):
        path.rename(tmp_path / f"I{number:07}")
    (tmp_path / "README.txt").write_text("from the scanner")
    report = dataset(VOLUME[0], "1.2.3")
    del report.Rows, report.PixelData
    save(report, tmp_path / "report.dcm")
    np.testing.assert_array_equal(stack_frames(open_stack(tmp_path))[2], VOLUME[2])


def test_values_are_those_that_the_scanner_means(tmp_path):
    write_series(tmp_path, VOLUME, RescaleSlope=1, RescaleIntercept=-1024)
    frames = stack_frames(open_stack(tmp_path))
    assert frames.dtype == np.int32  # 16 bits stored, from -1024 to 64511
    np.testing.assert_array_equal(frames[1], VOLUME[1].astype(int) - 1024)


def test_twelve_bits_with_an_intercept_stay_small_integers(tmp_path):
    write_series(tmp_path, VOLUME, BitsStored=12, HighBit=11, RescaleIntercept=-1024)
    assert open_stack(tmp_path).dtype == np.int16


def test_a_slope_of_its_own_for_every_slice(tmp_path):
    series = pydicom.uid.generate_uid()
    for z in range(3):
        made = dataset(
            VOLUME[z], series, RescaleSlope=0.5 + z, RescaleIntercept=0,
            ImagePositionPatient=[0, 0, float(z)], ImageOrientationPatient=list(AXIAL),
        )  # fmt: skip
        save(made, tmp_path / f"{z}.dcm")
    frames = stack_frames(open_stack(tmp_path))
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[2], VOLUME[2] * 2.5)


def test_several_series_are_listed_and_one_is_chosen(tmp_path):
    write_series(tmp_path, VOLUME[:3], SeriesNumber=2, SeriesDescription="T1 axial")
    write_series(tmp_path, VOLUME[3:], SeriesNumber=5, SeriesDescription="T2")
    with pytest.raises(StackError, match=r"0: T1 axial \(3 slices of .*1: T2 \(4 "):
        open_stack(tmp_path)
    np.testing.assert_array_equal(
        stack_frames(open_stack(tmp_path, series=1))[0], VOLUME[3]
    )
    with pytest.raises(StackError, match="no series 2"):
        open_stack(tmp_path, series=2)


def test_a_series_of_one_slice_is_listed_as_such(tmp_path):
    write_series(tmp_path, VOLUME[:3], SeriesNumber=1)
    write_series(tmp_path, VOLUME[3:4], SeriesNumber=2, SeriesDescription="scout")
    with pytest.raises(StackError, match=r"1: scout \(1 slice of 20 × 30 pixels\)"):
        open_stack(tmp_path)


def test_a_film_has_seconds_between_its_frames(tmp_path):
    film = np.random.default_rng(1).integers(0, 255, (4, 20, 30, 3), np.uint8)
    save(dataset(film, "1.2", FrameTime=40), tmp_path / "us.dcm")
    stack = open_stack(tmp_path / "us.dcm")
    assert stack.axes[0] == Axis("t", 4, 0.04, "second")
    frames = stack_frames(stack)
    assert frames.is_rgb
    np.testing.assert_array_equal(frames[3], film[3])


def test_a_single_slice_is_one_frame(tmp_path):
    path = save(dataset(VOLUME[0], "1.2"), tmp_path / "a.dcm")
    frames = stack_frames(open_stack(path))
    assert len(frames) == 1
    np.testing.assert_array_equal(frames[0], VOLUME[0])


def test_compressed_slices_are_decoded(tmp_path):
    made = dataset(VOLUME[0], "1.2")
    made.compress(pydicom.uid.RLELossless)
    path = save(made, tmp_path / "a.dcm")
    np.testing.assert_array_equal(stack_frames(open_stack(path))[0], VOLUME[0])


def test_a_compression_without_decoder_is_named_with_what_to_install(tmp_path):
    made = dataset(VOLUME[0], "1.2")
    made.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLosslessSV1
    path = save(made, tmp_path / "a.dcm")
    with pytest.raises(StackError, match=r"JPEG Lossless.*pip install pylibjpeg"):
        open_stack(path)


def test_opening_reads_no_pixels_and_a_frame_only_its_own(tmp_path, monkeypatch):
    write_series(tmp_path, VOLUME)
    decoded = []
    pixel_array = pydicom.pixels.pixel_array
    monkeypatch.setattr(
        pydicom.pixels,
        "pixel_array",
        lambda path, **rest: decoded.append(path) or pixel_array(path, **rest),
    )
    frames = stack_frames(open_stack(tmp_path))
    assert not decoded
    frames[3]
    assert len(decoded) == 1


def test_a_slice_that_is_cut_off_is_one_frame_only(tmp_path):
    write_series(tmp_path, VOLUME)
    last = next(p for p in tmp_path.iterdir() if pydicom.dcmread(p).InstanceNumber == 7)
    last.write_bytes(last.read_bytes()[:-600])
    frames = stack_frames(open_stack(tmp_path))
    np.testing.assert_array_equal(frames[0], VOLUME[0])
    with pytest.raises(FrameError, match=f"{last.name}"):
        frames[6]


def test_slices_of_two_sizes_are_explained(tmp_path):
    save(dataset(VOLUME[0], "1.2"), tmp_path / "a.dcm")
    save(dataset(VOLUME[0, :10], "1.2"), tmp_path / "b.dcm")
    with pytest.raises(StackError, match=r"b\.dcm is 10 × 30"):
        open_stack(tmp_path)


@pytest.mark.parametrize("content", [b"", b"words", b"\0" * 128 + b"DICM" + b"\1" * 99])
def test_what_is_no_dicom_file_is_explained(tmp_path, content):
    (tmp_path / "a.dcm").write_bytes(content)
    for path in (tmp_path / "a.dcm", tmp_path):
        with pytest.raises(StackError, match=r"a\.dcm|holds no DICOM images"):
            open_stack(path)


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    path = save(dataset(VOLUME[0], "1.2"), tmp_path / "a.dcm")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"'napari-sam2\[medical\]'"):
        open_stack(path)


def test_a_preview_beside_the_slices_does_not_matter(tmp_path):
    from PIL import Image

    write_series(tmp_path, VOLUME)
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "preview.png")
    assert open_stack(tmp_path).shape == VOLUME.shape


def test_pictures_are_not_opened_to_see_whether_they_are_dicom(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"")
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    assert not dicom.is_dicom(tmp_path)
