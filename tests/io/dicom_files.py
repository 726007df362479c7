"""DICOM files as scanners write them, made by pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

VOLUME = np.random.default_rng(0).integers(0, 4000, (7, 20, 30)).astype(np.uint16)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def dataset(pixels, series: str, **values) -> pydicom.Dataset:
    """Make a data set with the pixels of one picture, or of several frames."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = pydicom.Dataset()
    made.file_meta = meta
    made.SOPClassUID = meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.SeriesInstanceUID = series
    made.Modality = "MR"
    is_colour = pixels.shape[-1] == 3
    made.SamplesPerPixel = 3 if is_colour else 1
    made.PhotometricInterpretation = "RGB" if is_colour else "MONOCHROME2"
    if is_colour:
        made.PlanarConfiguration = 0
    plane = pixels.shape[:-1] if is_colour else pixels.shape
    made.Rows, made.Columns = plane[-2:]
    if len(plane) == 3:
        made.NumberOfFrames = plane[0]
    bits = pixels.dtype.itemsize * 8
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.PixelData = pixels.tobytes()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def save(made: pydicom.Dataset, path: Path) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


def write_series(folder: Path, volume, *, start: float = -20.0, **values) -> str:
    """Write one file per slice, with names that say nothing about their order."""
    folder.mkdir(exist_ok=True)
    series = generate_uid()
    order = np.random.default_rng(len(volume)).permutation(len(volume))
    for name, z in enumerate(order):
        described = {
            "ImagePositionPatient": [-50.0, -60.0, start + 2.5 * float(z)],
            "ImageOrientationPatient": list(AXIAL),
            "PixelSpacing": [0.5, 0.25],
            "SliceThickness": 3.0,
            "InstanceNumber": int(z) + 1,
            **values,
        }
        made = dataset(volume[z], series, **described)
        save(made, folder / f"IM{name:04}_{series[-4:]}.dcm")
    return series


def enhanced(volume, **values) -> pydicom.Dataset:
    """Make one file of many frames, each with a position, in reverse order."""
    frames = []
    for z in reversed(range(len(volume))):
        place = pydicom.Dataset()
        place.ImagePositionPatient = [0.0, 0.0, 2.0 * z]
        frame = pydicom.Dataset()
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    turn, size, shared = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    turn.ImageOrientationPatient = list(AXIAL)
    size.PixelSpacing = [0.5, 0.25]
    rescale = pydicom.Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept = 2.0, -1000.0
    shared.PlaneOrientationSequence = Sequence([turn])
    shared.PixelMeasuresSequence = Sequence([size])
    shared.PixelValueTransformationSequence = Sequence([rescale])
    made = dataset(volume[::-1], generate_uid(), **values)
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    return made
