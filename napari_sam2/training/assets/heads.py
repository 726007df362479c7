"""A head in computed tomography, labelled by exact rules on its X-ray densities."""

from __future__ import annotations

import plistlib
import tarfile
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.training.assets.volumes import (
    Block,
    cropped,
    distance,
    filled,
    opened,
    pieces,
    scheme,
    stretched,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.training.assets.volumes import Bytes, Truth

    Densities = npt.NDArray[np.float32]  # in Hounsfield units

_FAT, _SOFT, _BONE, _BRAIN, _VENTRICLE, _GLOBES = 1, 2, 3, 4, 5, range(6, 8)
_BONES = range(10, 20)  # those that are not joined to the skull
_CAVITIES = range(20, 40)  # of air
_VOXEL = 1.2  # mm
_PROJECT = "usr/share/doc/invesalius-examples/examples/Cranium.inv3"


def head_in_ct(place: Path) -> Block:
    """Label a head that is stored as a project of InVesalius."""
    densities = _voxels(place / _PROJECT)
    labels = _labels(densities)
    values = np.where(labels > 0, stretched(densities, -250, 500), 0)
    cavities, bones, globes = (
        [[n] for n in numbers] for numbers in (_CAVITIES, _BONES, _GLOBES)
    )
    soft = [_FAT, _SOFT, *_GLOBES]
    schemes: list[list[Iterable[int]]] = [
        [[_FAT], soft[1:], [_BONE, *_BONES], [_BRAIN], [_VENTRICLE], _CAVITIES],
        [[_BONE], [_BRAIN, _VENTRICLE], *globes, *cavities, *bones],
        [[_BONE, *_BONES], [_BRAIN], [_VENTRICLE], _GLOBES],
        [[_BRAIN, _VENTRICLE], soft, *cavities],
        [[*soft, _BONE, _BRAIN, _VENTRICLE, *_BONES, *_CAVITIES]],
    ]
    table = np.stack([scheme(groups) for groups in schemes])
    return cropped(Block(values, labels, table))


def _voxels(path: Path) -> Densities:
    """Return densities, (Z, Y, X), in voxels as deep as wide."""
    from scipy import ndimage

    with tarfile.open(path) as project:
        files = {name.rsplit("/", 1)[-1]: name for name in project.getnames()}
        about = plistlib.loads(_content(project, files["main.plist"]))
        stored = np.frombuffer(
            _content(project, files[about["matrix"]["filename"]]),
            about["matrix"]["dtype"],
        ).reshape(about["matrix"]["shape"])
    zoom = [length / _VOXEL for length in reversed(about["spacing"])]
    return np.asarray(ndimage.zoom(stored.astype(np.float32), zoom, order=1))


def _content(project: tarfile.TarFile, name: str) -> bytes:
    file = project.extractfile(name)
    return file.read() if file else b""


def _labels(densities: Densities) -> Bytes:
    core = pieces(opened(densities > -300, 1), 10_000)[0]
    whole = filled(core)
    body = (distance(~core) <= 2) & (densities > -300)
    labels = np.where(body, np.where(densities < -20, _FAT, _SOFT), 0).astype(np.uint8)
    bone = body & (densities > 200)
    labels[bone] = _BONE
    _numbered(labels, pieces(bone, 1000)[1:], _BONES)
    air = whole & (densities < -300)
    labels[air] = _CAVITIES[-1]
    _numbered(labels, pieces(opened(air, 1), 200), _CAVITIES[:-1])
    soft = body & (densities < 200) & (densities > -20)
    within = pieces(distance(soft) > 5, 10_000)[0]  # no way out through the skull
    brain = (distance(~within) <= 6) & soft
    labels[brain] = _BRAIN
    labels[_ventricles(densities, brain)] = _VENTRICLE
    _numbered(labels, _globes(soft & ~brain), _GLOBES)
    return labels


def _numbered(labels: Bytes, parts: list[Truth], numbers: range) -> None:
    for part, number in zip(parts, numbers, strict=False):
        labels[part] = number


def _ventricles(densities: Densities, brain: Truth) -> Truth:
    """Return the fluid deep in a brain: a little less dense, on the average."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(densities, 1.5)
    deep = distance(brain) > 15
    fluid = deep & (smooth < np.median(smooth[deep]) - 9)
    parts = pieces(fluid, 300)
    return np.any(parts, axis=0) if parts else np.zeros_like(brain)


def _globes(soft: Truth) -> list[Truth]:
    """Return the eyes: balls in fat."""
    parts = pieces(opened(soft, 7), 2000)
    return [part for part in parts if part.sum() < 8000]
