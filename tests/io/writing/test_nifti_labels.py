"""NIfTI labels keep the space, the sizes and the units of their image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.axes import Axis, axes_from_shape
from napari_sam2.core.errors import OutputError
from napari_sam2.io.reading.stack import open_stack
from tests.io.written_results import LABELS, write


def test_nifti_keeps_the_affine_of_its_image(tmp_path) -> None:
    import nibabel

    affine = ((0.0, -2.0, 0.0, 10.0), (0.5, 0.0, 0.0, -3.0), (0.0, 0.0, 3.0, 7.0))
    axes = tuple(
        replace(axis, unit="millimeter")
        for axis in axes_from_shape(LABELS.shape, "zyx")
    )
    path = write("labels-nifti", tmp_path, axes=axes, affine=affine)
    image = nibabel.load(path)
    np.testing.assert_allclose(image.affine[:3], affine)
    assert image.get_data_dtype() == np.uint8
    assert image.header.get_xyzt_units()[0] == "mm"
    assert nibabel.aff2axcodes(image.affine) == ("A", "L", "S")
    assert "not ground truth" in str(image.header.extensions[0].get_content())


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("micrometer", "micron"), ("millimeter", "mm"), ("meter", "meter"),
        ("nanometer", "mm"), ("inch", "mm"), ("", "unknown"), ("parsec", "unknown"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("has_affine", [False, True])
def test_nifti_keeps_the_unit_of_its_image_and_sizes_in_it(
    tmp_path, unit, expected, has_affine
) -> None:
    import nibabel

    sizes = (2.0, 0.5, 0.25)
    axes = tuple(
        Axis(name, size, scale, unit)
        for name, size, scale in zip("zyx", LABELS.shape, sizes, strict=True)
    )
    mm = {"micrometer": 1e-3, "meter": 1e3, "nanometer": 1e-6, "inch": 25.4}
    factor = mm.get(unit, 1.0)
    affine = np.diag([0.25, 0.5, 2.0, 1.0])[:3] * factor if has_affine else None
    path = write("labels-nifti", tmp_path, axes=axes, affine=affine)
    header = nibabel.load(path).header
    assert header.get_xyzt_units()[0] == expected
    in_file = 1.0 if expected != "mm" else factor
    assert header.get_zooms() == pytest.approx([one * in_file for one in sizes[::-1]])
    stack = open_stack(path)
    assert stack.affine[2][2] == pytest.approx(2.0 * factor)
    if expected not in ("mm", "unknown"):
        assert [axis.scale for axis in stack.axes] == pytest.approx(sizes[::-1])
        assert {axis.unit for axis in stack.axes} == {unit}


def test_nifti_of_several_units_is_in_millimetres_and_seconds(tmp_path) -> None:
    import nibabel

    axes = (
        Axis("t", 7, 500.0, "millisecond"),
        Axis("y", 20, 200.0, "micrometer"),
        Axis("x", 30, 0.1, "millimeter"),
    )
    image = nibabel.load(write("labels-nifti", tmp_path, axes=axes))
    assert image.shape == (30, 20, 1, 7)
    assert image.header.get_zooms() == pytest.approx((0.1, 0.2, 1.0, 0.5))


def test_nifti_takes_two_axes_without_names_for_times_and_slices(tmp_path) -> None:
    import nibabel

    labels = np.stack([LABELS, LABELS[::-1]])
    for names in ("qq", "qz"):
        (tmp_path / names).mkdir()
        axes = axes_from_shape(labels.shape, f"{names}yx")
        path = write("labels-nifti", tmp_path / names, labels, axes)
        found = np.asarray(nibabel.load(path).dataobj)
        np.testing.assert_array_equal(found, labels.transpose(3, 2, 1, 0))
    with pytest.raises(OutputError, match="C \\(2\\)"):
        write("labels-nifti", tmp_path, labels, axes_from_shape(labels.shape, "czyx"))
