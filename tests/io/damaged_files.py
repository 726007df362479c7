"""Small whole files of every kind, for tests to damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MOVIE = np.random.default_rng(0).integers(0, 4000, (5, 32, 48)).astype(np.uint16)
COLOUR = np.random.default_rng(1).integers(0, 255, (32, 48, 3), np.uint8)

# The file that is damaged, and what is opened.
Pair = tuple[Path, Path]


def tiff(folder: Path, **options) -> Pair:
    import tifffile

    path = folder / "movie.tif"
    tifffile.imwrite(path, MOVIE, **options)
    return path, path


def npy(folder: Path) -> Pair:
    np.save(folder / "movie.npy", MOVIE)
    return folder / "movie.npy", folder / "movie.npy"


def picture(folder: Path, suffix: str) -> Pair:
    from PIL import Image

    (folder / "frames").mkdir()
    for name in "ab":
        Image.fromarray(COLOUR).save(folder / "frames" / f"{name}.{suffix}")
    return folder / "frames" / f"a.{suffix}", folder / "frames"


def nifti(folder: Path, suffix: str) -> Pair:
    import nibabel

    path = folder / f"brain.{suffix}"
    nibabel.save(nibabel.Nifti1Image(MOVIE, np.eye(4)), path)
    return path, path


def hdf5(folder: Path) -> Pair:
    import h5py

    path = folder / "scan.h5"
    with h5py.File(path, "w") as file:
        chunks = (1, 16, 16)
        file.create_dataset("raw", data=MOVIE, chunks=chunks, compression="gzip")
    return path, path


def dicom(folder: Path, *, rle: bool = False) -> Pair:
    from pydicom.uid import RLELossless

    from tests.io.dicom_files import dataset, save, write_series

    if rle:
        made = dataset(MOVIE, "1.2.3")
        made.compress(RLELossless)
        path = save(made, folder / "a.dcm")
        return path, path
    write_series(folder / "ct", MOVIE)
    return next((folder / "ct").iterdir()), folder / "ct"


def film(folder: Path, suffix: str, codec: str) -> Pair:
    import av

    path = folder / f"film.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        for shift in range(12):
            shown = np.roll(COLOUR, shift, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, "rgb24")))
        container.mux(stream.encode())
    return path, path


def zarr_store(folder: Path, target: str, **options) -> Pair:
    import zarr

    path = folder / "a.zarr"
    array = zarr.create_array(
        path, shape=MOVIE.shape, chunks=(1, 32, 48), dtype="u2", **options
    )
    array[...] = MOVIE
    return path / target, path


MADE = {
    "tiff": tiff,
    "imagej": lambda folder: tiff(folder, imagej=True),
    "ome-zlib": lambda folder: tiff(folder, ome=True, compression="zlib"),
    "lzw-tiles": lambda folder: tiff(folder, compression="lzw", tile=(16, 16)),
    "npy": npy,
    "png": lambda folder: picture(folder, "png"),
    "jpg": lambda folder: picture(folder, "jpg"),
    "nii": lambda folder: nifti(folder, "nii"),
    "nii.gz": lambda folder: nifti(folder, "nii.gz"),
    "hdf5": hdf5,
    "dicom": dicom,
    "dicom-rle": lambda folder: dicom(folder, rle=True),
    "mp4": lambda folder: film(folder, "mp4", "libx264"),
    "avi": lambda folder: film(folder, "avi", "mpeg4"),
    "mkv": lambda folder: film(folder, "mkv", "libx264"),
    "zarr-header": lambda folder: zarr_store(folder, "zarr.json"),
    "zarr-zstd": lambda folder: zarr_store(folder, "c/0/0/0"),
    "zarr2-header": lambda folder: zarr_store(folder, ".zarray", zarr_format=2),
}
