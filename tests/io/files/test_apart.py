"""Results may lie below an image, but not among what is read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.reading.stack import open_stack

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = np.ones((3, 8, 9), np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "results").mkdir(parents=True)
    for t, picture in enumerate(PICTURES):
        tifffile.imwrite(folder / f"{t}.tif", picture)
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(tmp_path / "image.zarr", mode="w")
    group.create_array("0", data=PICTURES)
    return tmp_path / "image.zarr"


def test_results_may_lie_in_a_folder_of_their_own_below_pictures(pictures: Path):
    output = pictures / "results" / "labels.tif"
    check_apart((output,), (pictures,))
    tifffile.imwrite(output, PICTURES)
    assert open_stack(pictures).shape == PICTURES.shape
    with pytest.raises(OutputError, match="among the pictures"):
        check_apart((pictures / "labels.tif",), (pictures,))


def test_labels_may_lie_where_ome_zarr_has_them(image: Path):
    check_apart((image / "labels" / "sam2.zarr",), (image,))
    check_apart((image / "0" / "labels" / "sam2.zarr",), (image,))


@pytest.mark.parametrize("name", ["0", "0/c", "labels", "results/labels.tif"])
def test_nothing_else_may_lie_in_a_zarr(image: Path, name: str):
    with pytest.raises(OutputError, match=r"inside the Zarr .*labels.NAME"):
        check_apart((image / name,), (image,))
