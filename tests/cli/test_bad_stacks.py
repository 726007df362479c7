"""Stacks that cannot be tracked are refused in one sentence."""

from __future__ import annotations

import os
import struct
import zlib

import numpy as np
import pytest
import tifffile

from tests.cli.conftest import POINT


def test_colour_pictures_do_not_bleach(refuse, tmp_path):
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, np.zeros((3, 64, 80, 3), np.uint8), photometric="rgb")
    refuse(path, *POINT, "--correct-bleaching", saying="are colour pictures")


def test_text_that_calls_itself_tif(refuse, tmp_path):
    path = tmp_path / "notes.tif"
    path.write_text("These are my notes.\n" * 100)
    refuse(path, *POINT, saying="cannot be read as a TIFF file")


def test_noise_that_begins_as_tif(refuse, tmp_path):
    path = tmp_path / "noise.tif"
    path.write_bytes(b"II*\0" + np.random.default_rng(0).bytes(5000))
    refuse(path, *POINT, saying="be damaged")


def test_a_picture_that_says_it_is_enormous(refuse, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for chunk in (header, b"IDAT"):
        length, crc = len(chunk) - 4, zlib.crc32(chunk)
        png += struct.pack(">I", length) + chunk + struct.pack(">I", crc)
    (folder / "0.png").write_bytes(png)
    refuse(folder, *POINT, saying="it may be damaged. If it is that large")


def test_nothing_at_all(refuse, tmp_path):
    refuse(tmp_path / "nothing.tif", *POINT, saying="does not exist")
    refuse("C:/nothing.tif", *POINT, saying="does not exist")


def test_an_address_is_no_file(refuse):
    saying = "https://example.org/a.zarr is an address"
    refuse("https://example.org/a.zarr", *POINT, saying=saying)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_pipes_are_not_waited_for(refuse, stack, tmp_path):
    pipe = tmp_path / "pipe.tif"
    os.mkfifo(pipe)
    refuse(pipe, *POINT, saying="neither a file nor a folder")
    refuse(stack, "--mask", pipe, saying="neither a file nor a folder")
    refuse(stack, *POINT, "--model", pipe, saying="no file of weights")
    refuse(f"--project={pipe}", saying="is no file, but a folder, a pipe")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_pipes_among_pictures_are_not_waited_for(refuse, stack, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for t, picture in enumerate(tifffile.imread(stack)):
        tifffile.imwrite(folder / f"{t}.tif", picture)
    os.mkfifo(tmp_path / "pipe")
    (folder / "3.png").symlink_to(tmp_path / "pipe")
    refuse(folder, *POINT, saying="3.png is no picture, but a pipe or a device")


def test_a_kind_that_is_not_known(refuse, tmp_path):
    path = tmp_path / "letter.docx"
    path.write_bytes(b"PK")
    refuse(path, *POINT, saying="cannot be opened")


@pytest.mark.parametrize("name", ["film.mp4", "film.avi"])
def test_a_video_that_is_none(refuse, tmp_path, name):
    pytest.importorskip("av")
    path = tmp_path / name
    path.write_bytes(bytes(1000))
    refuse(path, *POINT, saying="cannot be read as a video")


def test_a_tiff_that_is_cut_off_before_its_prompt(refuse, stack):
    with tifffile.TiffFile(stack) as file:
        offset = file.series[0].dataoffset
    with stack.open("r+b") as file:
        file.truncate(offset + 3 * 64 * 80)
    refuse(stack, "--point", "1:5,22,20", saying="Picture 5 (counted from 0)")


def test_a_stack_without_frames(refuse, tmp_path):
    path = tmp_path / "empty.npy"
    np.save(path, np.zeros((0, 64, 80), np.uint8))
    refuse(path, *POINT, saying="holds no frames")


def test_a_folder_without_pictures(refuse, tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    refuse(path, *POINT, saying="holds no pictures")


def test_five_axes_without_a_choice(refuse, tmp_path):
    path = tmp_path / "tzcyx.tif"
    pixels = np.zeros((2, 3, 2, 64, 80), np.uint8)
    tifffile.imwrite(path, pixels, metadata={"axes": "TZCYX"})
    refuse(path, *POINT, saying="Say which, t or z: --axis t.")
    refuse(path, *POINT, "--axis", "t", saying="in the middle: --at z=1.")


def test_pixels_that_are_no_numbers(refuse, tmp_path):
    path = tmp_path / "complex.npy"
    np.save(path, np.zeros((2, 64, 80), np.complex64))
    refuse(path, *POINT, saying="complex64")
