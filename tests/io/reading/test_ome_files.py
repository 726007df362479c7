"""OME-TIFF files that describe more images than they hold: sets of several files."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import StackError
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

SHAPE = (3, 48, 64)
_OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


@pytest.fixture(autouse=True)
def quiet_tifffile(caplog):
    caplog.set_level(logging.CRITICAL, "tifffile")


def description(own: int, times: int = SHAPE[0], planes: int = 1) -> str:
    """Describe two images, each in a file of its own, as seen from one of these."""
    images = ""
    for number in range(2):
        images += (
            f'<Image ID="Image:{number}" Name="position {number}"><Pixels ID="Pixels:'
            f'{number}" DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="48" '
            f'SizeZ="1" SizeC="1" SizeT="{times}" PhysicalSizeX="{number + 1}" '
            f'PhysicalSizeY="{number + 1}" TimeIncrement="{number + 1}">'
        )
        for time in range(SHAPE[0]):
            images += (
                f'<TiffData FirstT="{time}" IFD="{time}" PlaneCount="{planes}"><UUID '
                f'FileName="{number}.ome.tif">urn:uuid:{number}</UUID></TiffData>'
            )
        for time, taken in enumerate((0, 1.2, 2)):
            images += (
                f'<Plane TheZ="0" TheC="0" TheT="{time}" '
                f'DeltaT="{(number + 1) * taken}"/>'
            )
        images += "</Pixels></Image>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_OME}" '
        f'UUID="urn:uuid:{own}">{images}</OME>'
    )


def pixels_of(number: int) -> np.ndarray:
    return np.arange(3, dtype=np.uint8)[:, None, None] + np.full(
        SHAPE, 10 * (number + 1), np.uint8
    )


def write(folder: Path, number: int, compression: str | None = None) -> Path:
    path = folder / f"{number}.ome.tif"
    options = {"metadata": None, "photometric": "minisblack"}
    tifffile.imwrite(
        path,
        pixels_of(number),
        description=description(number),
        compression=compression,
        **options,
    )
    return path


def check(path: Path, number: int, series: int | None = None) -> None:
    stack = open_stack(path, series)
    frames = stack_frames(stack)
    for frame in (2, 0):
        np.testing.assert_array_equal(frames[frame], pixels_of(number)[frame])
    assert [axis.scale for axis in stack.axes] == [number + 1] * 3
    assert list(frames.frame_times) == pytest.approx(
        [0, 1.2 * (number + 1), 2 * (number + 1)]
    )


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_series_has_the_pixels_of_the_file_that_it_lies_in(tmp_path, compression):
    files = [write(tmp_path, number, compression) for number in range(2)]
    for path in files:
        for number in range(2):
            check(path, number, number)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_of_a_set_shows_its_own_image_and_tells_of_others(tmp_path, compression):
    files = [write(tmp_path, number, compression) for number in range(2)]
    for number, path in enumerate(files):
        check(path, number)
        (notice,) = open_stack(path).notices
        assert f"Image {number} of 2 is shown, which lies in {path.name}" in notice
        assert open_stack(path, 1 - number).notices == ()


def test_a_folder_of_positions_has_the_picture_of_each(tmp_path):
    for number in range(2):
        text = description(number).replace(f'SizeT="{SHAPE[0]}"', 'SizeT="1"')
        picture = pixels_of(number)[0]
        path = tmp_path / f"{number}.ome.tif"
        options = {"description": text, "metadata": None, "compression": "zlib"}
        tifffile.imwrite(path, picture, **options)
    frames = stack_frames(open_stack(tmp_path))
    for number in range(2):
        np.testing.assert_array_equal(frames[number], pixels_of(number)[0])


def test_any_file_of_one_film_shows_all_of_it(tmp_path):
    for time in range(3):
        runs = "".join(
            f'<TiffData FirstT="{one}" IFD="0" PlaneCount="1"><UUID FileName="{one}'
            f'.ome.tif">urn:uuid:{one}</UUID></TiffData>'
            for one in range(3)
        )
        text = (
            f'<OME xmlns="{_OME}" UUID="urn:uuid:{time}"><Image ID="Image:0"><Pixels '
            'ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="48" '
            f'SizeZ="1" SizeC="1" SizeT="3">{runs}</Pixels></Image></OME>'
        )
        path = tmp_path / f"{time}.ome.tif"
        tifffile.imwrite(path, pixels_of(0)[time], description=text, metadata=None)
    for time in range(3):
        stack = open_stack(tmp_path / f"{time}.ome.tif")
        assert stack.notices == ()
        frames = stack_frames(stack)
        for frame in (1, 0, 2):
            np.testing.assert_array_equal(frames[frame], pixels_of(0)[frame])


def test_a_file_whose_sister_is_missing_has_its_own_scales_and_times(tmp_path):
    check(write(tmp_path, 1), 1)


@pytest.mark.parametrize("promised", [{"times": 10**9}, {"planes": 10**9}])
def test_more_planes_than_any_file_has_are_refused_at_once(tmp_path, promised):
    path = tmp_path / "0.ome.tif"
    text = description(0, **promised)
    tifffile.imwrite(path, pixels_of(0), description=text, metadata=None)
    with pytest.raises(StackError, match=r"says that it has \S+ planes"):
        open_stack(path)
