import gzip
import sys

import numpy as np
import pytest

from napari_sam2.core.axes import Axis, axis_names
from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.io.reading import inflated
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

nibabel = pytest.importorskip("nibabel")

VOLUME = np.random.default_rng(0).integers(-900, 3000, (12, 10, 8)).astype(np.int16)
AFFINE = np.array(
    [[-0.8, 0.1, 0, 90.0], [0.1, 0.8, 0, -126.0], [0, 0, 2.5, -72.0], [0, 0, 0, 1]]
)


def write(path, data=VOLUME, affine=AFFINE, kind=nibabel.Nifti1Image, **header):
    image = kind(data, affine)
    image.header.set_xyzt_units("mm", "msec")
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "NII.GZ"])
def test_slices_come_along_z_in_the_files_own_order(tmp_path, suffix, kind):
    path = write(tmp_path / "brain.nii", kind=kind)
    if suffix.lower().endswith("gz"):
        path = tmp_path / f"brain.{suffix}"
        path.write_bytes(gzip.compress((tmp_path / "brain.nii").read_bytes()))
    stack = open_stack(path)
    assert (stack.name, axis_names(stack.axes), stack.dtype) == ("brain", "xyz", "i2")
    frames = stack_frames(stack)
    assert (len(frames), frames.shape_hw) == (8, (10, 12))
    for z in (5, 0, 7):
        np.testing.assert_array_equal(frames[z], VOLUME[:, :, z].T)
    across = stack_frames(stack, "x")
    np.testing.assert_array_equal(across[3], VOLUME[3].T)


def test_voxel_sizes_units_and_affine_are_kept(tmp_path):
    stack = open_stack(write(tmp_path / "brain.nii.gz"))
    size = np.hypot(0.8, 0.1)
    assert [axis.unit for axis in stack.axes] == ["millimeter"] * 3
    assert [axis.scale for axis in stack.axes] == pytest.approx([size, size, 2.5])
    np.testing.assert_allclose(stack.affine, AFFINE[:3], atol=1e-6)


def test_an_affine_in_micrometres_comes_back_in_millimetres(tmp_path):
    image = nibabel.Nifti1Image(VOLUME, np.diag([0.5, 0.5, 2, 1]))
    image.header.set_xyzt_units("micron")
    nibabel.save(image, tmp_path / "a.nii")
    stack = open_stack(tmp_path / "a.nii")
    assert stack.axes[2] == Axis("z", 8, 2.0, "micrometer")
    np.testing.assert_allclose(np.diag(stack.affine), [0.0005, 0.0005, 0.002])


def test_of_two_sizes_of_voxels_the_one_that_places_them_counts(tmp_path):
    image = nibabel.Nifti1Image(VOLUME, AFFINE)
    image.set_qform(None, 0)
    image.header.set_xyzt_units("mm")
    image.header["pixdim"][1:4] = 1, 1, 2.5
    nibabel.save(image, tmp_path / "a.nii")
    stack = open_stack(tmp_path / "a.nii")
    size = np.hypot(0.8, 0.1)
    assert [one.scale for one in stack.axes] == pytest.approx([size, size, 2.5])
    np.testing.assert_allclose(stack.affine, AFFINE[:3], atol=1e-6)
    (notice,) = stack.notices
    assert "1 × 1 × 2.5 and 0.8062 × 0.8062 × 2.5" in notice


@pytest.mark.parametrize("affine", [np.diag([0.0, 1, 1, 1]), np.diag([np.nan] * 4)])
def test_an_affine_that_is_nonsense_leaves_the_sizes_alone(tmp_path, affine):
    image = nibabel.Nifti1Image(VOLUME, np.eye(4))
    image.set_qform(None, 0)
    image.header.set_sform(affine, 1)
    image.header["pixdim"][1:4] = 2, 3, 4
    with (tmp_path / "a.nii").open("wb") as file:
        image.header["vox_offset"] = 352
        image.header.write_to(file)
        file.write(bytes(4) + VOLUME.tobytes("F"))
    stack = open_stack(tmp_path / "a.nii")
    assert [one.scale for one in stack.axes] == [2, 3, 4]
    assert stack.notices == ()


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_time_is_the_fourth_axis_in_seconds(tmp_path, suffix):
    data = np.stack([VOLUME, VOLUME + 1, VOLUME + 2], axis=3)
    path = write(tmp_path / f"a.{suffix}", data)
    image = nibabel.load(path)
    image.header["pixdim"][4] = 2500
    nibabel.save(nibabel.Nifti1Image(data, AFFINE, image.header), path)
    stack = open_stack(path)
    assert stack.axes[3] == Axis("t", 3, 2.5, "second")
    frames = stack_frames(stack, "t", at={"z": 6})
    np.testing.assert_array_equal(frames[2], data[:, :, 6, 2].T)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_slope_and_intercept_are_applied(tmp_path, suffix):
    image = nibabel.Nifti1Image(VOLUME.astype(np.float64) * 0.37 + 11, AFFINE)
    image.set_data_dtype(np.int16)
    path = tmp_path / f"a.{suffix}"
    nibabel.save(image, path)
    frames = stack_frames(open_stack(path))
    meant = nibabel.load(path).get_fdata()
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[1], meant[:, :, 1].T, rtol=1e-6)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("stored", ["u1", "i2", "i4", "f4", "f8"])
def test_slope_and_intercept_count_for_pixels_of_any_type(tmp_path, stored, order):
    header = nibabel.Nifti1Header(endianness=order)
    image = nibabel.Nifti1Image(VOLUME.astype(stored), AFFINE, header)
    image.set_data_dtype(stored)
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "a.nii")
    written = nibabel.load(tmp_path / "a.nii")
    assert (written.dataobj.slope, written.dataobj.inter) == (0.5, -3)
    assert written.dataobj.dtype == np.dtype(stored).newbyteorder(order)
    frames = stack_frames(open_stack(tmp_path / "a.nii"))
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[1], written.get_fdata()[:, :, 1].T)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_colour_is_shown_as_it_is(tmp_path, suffix):
    colour = np.random.default_rng(1).integers(0, 255, (12, 10, 8, 3), np.uint8)
    records = colour.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    path = write(tmp_path / f"a.{suffix}", records)
    frames = stack_frames(open_stack(path))
    assert (len(frames), frames.is_rgb) == (8, True)
    np.testing.assert_array_equal(frames[3], colour[:, :, 3].swapaxes(0, 1))


def test_opening_inflates_nothing_and_a_slice_only_what_comes_before(tmp_path):
    path = write(tmp_path / "a.nii.gz", np.zeros((256, 256, 64), np.int16))
    stack = open_stack(path)
    temporary = stack.array._inflated
    assert temporary._done == 0
    frames = stack_frames(stack)
    frames[0]
    first = temporary._done
    assert first < temporary._size // 4
    frames[63]
    assert temporary._done == temporary._size
    source = temporary._source.tell()
    frames[0]
    frames[40]
    assert temporary._source.tell() == source  # not a second time


def test_without_room_on_the_disk_it_says_so(tmp_path, monkeypatch):
    path = write(tmp_path / "a.nii.gz")
    monkeypatch.setattr(inflated, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(StackError, match="gunzip"):
        open_stack(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_of_a_gzipped_file_that_is_cut_off_the_first_slices_can_be_read(
    tmp_path, share
):
    noise = np.random.default_rng(0).integers(0, 999, (256, 256, 64)).astype(np.int16)
    path = write(tmp_path / "a.nii.gz", noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    frames = stack_frames(open_stack(path))
    np.testing.assert_array_equal(frames[3], noise[:, :, 3].T)
    with pytest.raises(FrameError, match="Frame 63"):
        frames[63]


def test_a_plain_file_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "a.nii")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StackError, match=r"a\.nii cannot be read as a NIfTI file"):
        open_stack(path)


@pytest.mark.parametrize("content", [b"", b"words", b"\x1f\x8b\x08" + b"\0" * 40])
@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_what_is_no_nifti_file_is_explained(tmp_path, content, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(StackError, match="cannot be read as a NIfTI file"):
        open_stack(path)


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.nii")
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingExtraError, match=r"'napari-sam2\[medical\]'"):
        open_stack(path)
