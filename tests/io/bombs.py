"""Tiny files that become hundreds of megabytes, or petabytes, when they are decoded."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import cache
from pathlib import Path

from tests.io.damaged_files import MOVIE, hdf5, nifti, zarr_store

SIZE = 1 << 28
_PIECE = bytes(1 << 20)


@cache
def zeros(wbits: int) -> bytes:
    """Compress 256 MiB of zeros: 15 for zlib, 31 for gzip, -15 for neither."""
    made = zlib.compressobj(1, wbits=wbits)
    pieces = [made.compress(_PIECE) for _ in range(SIZE // len(_PIECE))]
    return b"".join([*pieces, made.flush()])


def tiff(folder: Path) -> Path:
    import tifffile

    path = folder / "a.tif"
    with tifffile.TiffWriter(path) as file:
        options = {"shape": (64, 64), "dtype": "u1", "rowsperstrip": 64}
        file.write(iter([zeros(15)]), compression="zlib", **options)
    return path


def tiff_of_a_million_pixels_squared(folder: Path) -> Path:
    import tifffile

    path = folder / "a.tif"
    tifffile.imwrite(path, MOVIE[0], compression="zlib", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            file.pages[0].tags[name].overwrite(1 << 20, dtype="I")
    return path


def png(folder: Path) -> Path:
    """Write 40,000 rows of 40,000 grey pixels, all black."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        size, check = struct.pack(">I", len(data)), zlib.crc32(checked)
        return size + checked + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zeros(15)) + chunk(b"IEND", b"")
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return folder / "a.png"


def nifti_with_a_long_tail(folder: Path) -> Path:
    path, _ = nifti(folder, "nii")
    data = gzip.compress(path.read_bytes()) + zeros(31)
    (folder / "b.nii.gz").write_bytes(data)
    return folder / "b.nii.gz"


def nifti_of_petabytes(folder: Path) -> Path:
    path, _ = nifti(folder, "nii")
    data = bytearray(path.read_bytes())
    data[40:56] = struct.pack("<8h", 4, 30_000, 30_000, 30_000, 30_000, 1, 1, 1)
    (folder / "b.nii.gz").write_bytes(gzip.compress(bytes(data)))
    return folder / "b.nii.gz"


def hdf5_chunk(folder: Path) -> Path:
    import h5py

    path, _ = hdf5(folder)
    with h5py.File(path, "r+") as file:
        file["raw"].id.write_direct_chunk((0, 0, 0), zeros(15))
    return path


def zarr_chunk(folder: Path, codec: str, data: bytes) -> Path:
    from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

    made = {"gzip": GzipCodec, "zstd": ZstdCodec, "blosc": BloscCodec}[codec]()
    target, path = zarr_store(folder, "c/0/0/0", compressors=made)
    target.write_bytes(data)
    return path


def zstd(folder: Path) -> Path:
    import imagecodecs

    return zarr_chunk(folder, "zstd", imagecodecs.zstd_encode(bytes(SIZE), level=1))


def blosc(folder: Path) -> Path:
    import imagecodecs

    encoded = imagecodecs.blosc_encode(bytes(SIZE), level=1, compressor="zstd")
    return zarr_chunk(folder, "blosc", encoded)


def dicom(folder: Path) -> Path:
    """Write a header, and behind it zeros for a data set that is deflated whole."""
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    from tests.io.dicom_files import dataset, save

    made = dataset(MOVIE[0], "1.2")
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(made, folder / "a.dcm")
    data = path.read_bytes()
    start = 132 + 12 + struct.unpack("<I", data[140:144])[0]
    path.write_bytes(data[:start] + zeros(-15))
    return path


BOMBS = {
    "tiff": tiff,
    "huge tiff": tiff_of_a_million_pixels_squared,
    "png": png,
    "long nifti": nifti_with_a_long_tail,
    "huge nifti": nifti_of_petabytes,
    "hdf5": hdf5_chunk,
    "zarr gzip": lambda folder: zarr_chunk(folder, "gzip", zeros(31)),
    "zarr zstd": zstd,
    "zarr blosc": blosc,
    "dicom": dicom,
}
