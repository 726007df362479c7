"""The same objects are found whatever format the stack is in."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from tests.conftest import discs

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


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_nifti_is_followed_along_z(cli, tmp_path, expected, suffix):
    nibabel = pytest.importorskip("nibabel")
    volume = discs(6, (64, 80))[0]
    nibabel.save(nibabel.Nifti1Image(volume.T, np.eye(4)), tmp_path / f"a.{suffix}")
    out = tmp_path / "labels.tif"
    assert cli("track", tmp_path / f"a.{suffix}", "-o", out, *POINT).code == 0
    np.testing.assert_array_equal(tifffile.imread(out), expected)


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
