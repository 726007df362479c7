"""Results lie where the scan of a layer does, as long as it is that scan."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_sam2.io.reading.opened import SCANNER
from napari_sam2.layers.hooks import read_layers
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.placed import place_of


def test_a_part_of_a_scan_does_not_say_that_it_lies_where_the_scan_does(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    affine = np.array([[2.0, 0, 0, -9], [0, 2, 0, 4], [0, 0, 3, 1], [0, 0, 0, 1]])
    scan = nibabel.Nifti1Image(np.zeros((6, 5, 4), np.int16), affine)
    nibabel.save(scan, tmp_path / "scan.nii")
    ((data, options, _),) = read_layers(str(tmp_path / "scan.nii"))
    whole = Image(data, **options)
    np.testing.assert_array_equal(place_of(image_source(whole))[0], affine[:3])
    part = Image(np.asarray(data)[1:], **options)
    assert place_of(image_source(part)) == (None, SCANNER)
