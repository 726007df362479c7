"""The same objects are found whatever format the stack is in."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile

from tests.conftest import discs
from tests.io.reading_back import LABEL_READERS

POINT = ("--point", "1:0,22,20")


@pytest.fixture
def expected(cli, stack, tmp_path):
    assert cli("track", stack, "-o", tmp_path / "expected.tif", *POINT).code == 0
    return tifffile.imread(tmp_path / "expected.tif")


def test_hdf5_with_a_dataset_path(cli, tmp_path, expected):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["exp/raw"] = discs(6, (64, 80))[0]
        file["exp/other"] = np.zeros((3, 64, 80))
    out = tmp_path / "labels.tif"
    said = cli("track", f"{tmp_path / 'a.h5'}::/exp/raw", "-o", out, *POINT)
    assert (said.code, said.err) == (0, "")
    np.testing.assert_array_equal(tifffile.imread(out), expected)
    said = cli("track", tmp_path / "a.h5", "-o", out, *POINT, "--overwrite")
    assert said.code == 2
    assert "a.h5::/exp/other" in said.err


def test_photographs_on_their_side_have_labels_that_stand(cli, tmp_path, expected):
    from PIL import Image

    (tmp_path / "in").mkdir()
    for number, frame in enumerate(discs(6, (64, 80))[0]):
        picture = Image.fromarray(np.rot90(frame))
        exif = picture.getexif()
        exif[0x0112] = 6  # a quarter of a turn to the right
        picture.save(tmp_path / "in" / f"{number}.png", exif=exif)
    out = tmp_path / "out"
    said = cli("track", tmp_path / "in", "-o", out, "--format", "labels-png", *POINT)
    assert (said.code, said.err) == (0, "")
    np.testing.assert_array_equal(LABEL_READERS["labels-png"](out), expected)


def test_frames_of_an_uneven_film_have_their_own_times_in_tables(cli, tmp_path):
    pytest.importorskip("av")
    from tests.io.films import film

    pictures = discs(6, (64, 80))[0][..., None].repeat(3, axis=-1)
    path = film(tmp_path / "a.mkv", pictures, times=[0, 1, 2, 12, 13, 14], rate=10)
    table, again = tmp_path / "table.csv", tmp_path / "again.csv"
    out = tmp_path / "labels.tif", "--table", table
    said = cli("track", path, "-o", *out, *POINT)
    assert said.code == 0
    assert "Tables have each frame's own time" in said.err
    assert cli("track", path, "-o", again, *POINT).code == 0
    for one in (table, again):
        with one.open() as file:
            times = [float(row["position_s"]) for row in csv.DictReader(file)]
        np.testing.assert_allclose(times, [0, 0.1, 0.2, 1.2, 1.3, 1.4], atol=1e-3)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_nifti_is_followed_along_z(cli, tmp_path, expected, suffix):
    nibabel = pytest.importorskip("nibabel")
    volume = discs(6, (64, 80))[0]
    nibabel.save(nibabel.Nifti1Image(volume.T, np.eye(4)), tmp_path / f"a.{suffix}")
    out = tmp_path / "labels.tif"
    assert cli("track", tmp_path / f"a.{suffix}", "-o", out, *POINT).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), expected)


@pytest.mark.parametrize("axis", ["y", "x"])
def test_a_plane_of_a_volume_has_the_same_rows_in_any_format(cli, tmp_path, axis):
    """Of z, y and x the first two that are left, as a TIFF has them."""
    nibabel = pytest.importorskip("nibabel")
    followed = discs(6, (64, 80))[0]
    volume = followed.swapaxes(0, 1) if axis == "y" else np.moveaxis(followed, 0, 2)
    tifffile.imwrite(tmp_path / "a.tif", volume, metadata={"axes": "ZYX"})
    image = nibabel.Nifti1Image(volume.T, np.diag([-2.0, 2, 3, 1]))
    nibabel.save(image, tmp_path / "a.nii")
    out, lying = tmp_path / "labels.tif", tmp_path / "labels.nii.gz"
    words = "--axis", axis, *POINT
    assert cli("track", tmp_path / "a.tif", "-o", out, *words).code == 0
    assert cli("track", tmp_path / "a.nii", "-o", lying, *words).code == 0
    labels = nibabel.load(lying)
    assert tifffile.imread(out).any()
    np.testing.assert_array_equal(np.asarray(labels.dataobj).T, tifffile.imread(out))
    np.testing.assert_allclose(labels.affine, image.affine)


@pytest.mark.parametrize("codes", [(4, 0), (2, 0), (0, 1), (1, 3), (0, 0)])
@pytest.mark.parametrize("unit", ["mm", "micron", "meter", "unknown"])
def test_labels_of_nifti_lie_in_the_same_space(cli, tmp_path, codes, unit):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(discs(6, (64, 80))[0].T, np.diag([-2.0, 2, 3, 1]))
    image.set_sform(image.affine if codes[0] else None, codes[0])
    image.set_qform(image.affine if codes[1] else None, codes[1])
    image.header.set_xyzt_units(unit)
    path, out = tmp_path / "a.nii", tmp_path / "labels.nii.gz"
    nibabel.save(image, path)
    assert cli("track", path, "-o", out, *POINT).code == 0
    header = nibabel.load(out).header
    assert (int(header["sform_code"]), int(header["qform_code"])) == codes
    assert header.get_xyzt_units()[0] == unit
    assert header.get_zooms() == pytest.approx((2, 2, 3))
    np.testing.assert_allclose(nibabel.load(out).affine, nibabel.load(path).affine)


def test_labels_of_one_slice_lie_there_where_no_code_says_so(cli, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    twice = np.stack([discs(6, (64, 80))[0].T] * 2, axis=2)
    path, out = tmp_path / "a.nii", tmp_path / "labels.nii.gz"
    nibabel.save(nibabel.Nifti1Image(twice, None), path)
    assert cli("track", path, "-o", out, "--axis", "t", "--at", "z=1", *POINT).code == 0
    wanted = nibabel.load(path).affine
    wanted[:, 3] += wanted[:, 2]
    np.testing.assert_allclose(nibabel.load(out).affine, wanted)


def test_labels_do_not_take_one_space_for_another(cli, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(discs(6, (64, 80))[0].T, np.eye(4))
    image.set_sform(np.diag([2.0, 2, 2, 1]), 4)
    image.set_qform(np.eye(4), 1)
    path, out = tmp_path / "a.nii", tmp_path / "labels.nii"
    nibabel.save(image, path)
    assert cli("track", path, "-o", out, *POINT).code == 0
    header = nibabel.load(out).header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (4, 0)


def test_dicom_with_a_missing_slice_is_told_and_followed(cli, tmp_path, expected):
    pydicom = pytest.importorskip("pydicom")
    from tests.io.dicom_files import write_series

    volume = discs(6, (64, 80))[0]
    write_series(tmp_path / "ct", volume)
    out = tmp_path / "labels.tif"
    said = cli("track", tmp_path / "ct", "-o", out, *POINT)
    assert (said.code, said.err) == (0, "")
    np.testing.assert_array_equal(tifffile.imread(out), expected)
    for path in (tmp_path / "ct").iterdir():
        if pydicom.dcmread(path).InstanceNumber == 4:
            path.unlink()
    said = cli("track", tmp_path / "ct", "-o", out, *POINT, "--overwrite")
    assert said.code == 0
    assert "is not complete: about 1 slice is missing, after slice 2" in said.err


def test_a_coarser_level_takes_and_gives_full_coordinates(cli, tmp_path, true_labels):
    zarr = pytest.importorskip("zarr")
    full = discs(6, (64, 80))[0].repeat(4, axis=1).repeat(4, axis=2)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    datasets = []
    for number in range(3):
        step = 2**number
        group.create_array(str(number), data=full[:, ::step, ::step])
        scale = {"type": "scale", "scale": [1.0, 0.5 * step, 0.5 * step]}
        datasets.append({"path": str(number), "coordinateTransformations": [scale]})
    axes = [{"name": n, "type": "time" if n == "t" else "space"} for n in "tyx"]
    image = {"version": "0.4", "axes": axes, "datasets": datasets}
    group.attrs["multiscales"] = [image]
    truth = true_labels.repeat(4, axis=1).repeat(4, axis=2) == 1
    for level in ("0", "2"):
        out = tmp_path / f"labels{level}.tif"
        words = ("--point", "1:0,90,82", "--level", level)
        assert cli("track", tmp_path / "a.zarr", "-o", out, *words).code == 0
        found = tifffile.imread(out) == 1
        assert found.shape == full.shape
        assert (found & truth).sum() > 0.3 * (found | truth).sum()
    said = cli("track", tmp_path / "a.zarr", "-o", out, *POINT, "--level", "3")
    assert said.code == 2
    assert "no level 3" in said.err
