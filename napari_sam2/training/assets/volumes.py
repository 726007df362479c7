"""Volumes of real anatomy with labels, and which labels together make an object."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Truth = npt.NDArray[np.bool_]

_KINDS = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 512: "<u2"}  # NIfTI's data types
_MARGIN = 4  # voxels


class Block(NamedTuple):
    """A volume to cut slices from; its voxels are about as deep as they are wide.

    Attributes
    ----------
    values : ndarray of uint8, shape (D, H, W)
        What the scanner saw; 0 is air.
    labels : ndarray of uint8, shape (D, H, W)
        Fine structures.
    schemes : ndarray of uint8, shape (K, 256)
        Ways to see objects in it: each maps fine labels to objects, 0 is none. The
        first gives every label its tissue.
    """

    values: Bytes
    labels: Bytes
    schemes: Bytes


def scheme(groups: Iterable[Iterable[int]]) -> Bytes:
    """Return the object of every fine label, (256,), from the labels of each object."""
    table = np.zeros(256, np.uint8)
    for number, group in enumerate(groups, start=1):
        table[list(group)] = number
    return table


def nifti(path: Path) -> npt.NDArray[np.generic]:
    """Return the voxels of a single NIfTI file, (Z, Y, X), as they are stored."""
    content = gzip.decompress(path.read_bytes())
    shape = struct.unpack("<3h", content[42:48])
    (kind,) = struct.unpack("<h", content[70:72])
    (start,) = struct.unpack("<f", content[108:112])
    count = int(np.prod(shape))
    voxels = np.frombuffer(content, _KINDS[kind], count, int(start))
    return voxels.reshape(shape[::-1])


def cropped(block: Block) -> Block:
    """Leave out the air around a volume, but for a margin."""
    inside = block.labels > 0
    window = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(inside.any(axis=others))
        window.append(slice(max(0, filled[0] - _MARGIN), filled[-1] + 1 + _MARGIN))
    cut = tuple(window)
    return block._replace(values=block.values[cut], labels=block.labels[cut])


def pieces(mask: Truth, least: int) -> list[Truth]:
    """Return the connected parts of a mask that have so many voxels, largest first."""
    from scipy import ndimage

    numbers, _ = ndimage.label(mask)
    counts = np.bincount(numbers.ravel())[1:]
    order = np.argsort(-counts, kind="stable")
    return [numbers == index + 1 for index in order if counts[index] >= least]


def opened(mask: Truth, radius: int) -> Truth:
    """Return a mask without what is thinner than a ball of a radius in voxels."""
    inside = distance(mask) > radius
    return distance(~inside) <= radius


def distance(mask: Truth) -> npt.NDArray[np.float64]:
    """Return how far each voxel of a mask lies from what is outside, in voxels."""
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(mask))


def filled(mask: Truth) -> Truth:
    """Close the holes that a mask has in its slices along the first axis."""
    from scipy import ndimage

    return np.stack([ndimage.binary_fill_holes(plane) for plane in mask])


def stretched(
    values: npt.NDArray[np.generic], low: float, high: float, steps: int = 64
) -> Bytes:
    """Map a window of values to 0 … 255 in few steps, which compress well."""
    share = ((np.asarray(values, np.float32) - low) / (high - low)).clip(0, 1)
    return (share * (steps - 1)).round().astype(np.uint8) * np.uint8(256 // steps)
