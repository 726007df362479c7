"""Bringing packages of material from their registries with the ordinary clients."""

from __future__ import annotations

import logging
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_sam2.core.errors import DownloadError
from napari_sam2.training.assets.pictures import (
    animations,
    cutouts,
    different,
    photographs,
    scikit_image_photographs,
)
from napari_sam2.training.assets.sources import PACKAGES, PHOTOGRAPHS
from napari_sam2.training.assets.store import save_assets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.training.assets.pictures import Bytes
    from napari_sam2.training.assets.sources import Package
    from napari_sam2.training.assets.volumes import Block

_log = logging.getLogger(__name__)
LICENCES = "LICENCES.md"
_TITLE = """\
# Material for drawn clips

None of it is part of the software.
"""


_NAMES = {"cutouts": "cut-outs"}


class _Found(NamedTuple):
    """What packages hold."""

    cutouts: list[Bytes]
    animations: list[list[Bytes]]
    photographs: list[Bytes]
    volumes: list[Block]

    def __str__(self) -> str:
        return ", ".join(
            f"{len(part)} {_NAMES.get(kind, kind)}"
            for kind, part in self._asdict().items()
            if part
        )


def fetch(folder: Path, packages: Sequence[Package] = PACKAGES) -> None:
    """Fetch pictures and volumes into a folder, with a list of their licences.

    Raises
    ------
    DownloadError
        If no cut-outs can be had.
    """
    found, notes = _gathered(packages)
    if not found.cutouts:
        raise DownloadError(
            "None of the packages with cut-outs could be fetched. The log says why; "
            "npm or apt-get and a network are needed."
        )
    objects = different(found.cutouts)
    _log.info("%d cut-outs look different from each other", len(objects))
    poses = [pose for thing in found.animations for pose in thing]
    save_assets(
        folder,
        np.stack(objects + poses),
        np.stack(found.photographs),
        found.volumes,
        moving=len(found.animations),
    )
    notes.append("## Photographs in scikit-image\n")
    notes += [f"- `{name}`: {licence}" for name, licence in PHOTOGRAPHS.items()]
    (folder / LICENCES).write_text("\n".join(notes) + "\n", "utf-8")


def _gathered(packages: Sequence[Package]) -> tuple[_Found, list[str]]:
    """Return what packages hold, and notes on their licences, less those not had."""
    found = _Found([], [], list(scikit_image_photographs()), [])
    notes = [_TITLE]
    for package in packages:
        with tempfile.TemporaryDirectory() as work:
            try:
                place = _unpacked(package, Path(work))
            except (OSError, subprocess.CalledProcessError) as error:
                _log.warning("%s is left out: %s", package.name, error)
                continue
            held = _held(package, place)
            notes.append(_note(package, place, held))
        found = _Found(
            found.cutouts + held.cutouts,
            found.animations + held.animations,
            found.photographs + held.photographs,
            found.volumes + held.volumes,
        )
        _log.info("%s: %s", package.name, held)
    return found, notes


def _held(package: Package, place: Path) -> _Found:
    return _Found(
        list(cutouts(_listed(place, package.pictures))),
        list(animations(_listed(place, package.animations))),
        list(photographs(_listed(place, package.photographs))),
        [volume(place) for volume in package.volumes],
    )


def _unpacked(package: Package, work: Path) -> Path:
    """Download a package and return the folder with its files."""
    subprocess.run(package.command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    archives = sorted(work.glob(package.archive))
    if not archives:
        raise FileNotFoundError(f"no {package.archive} came")
    place = work / "unpacked"
    place.mkdir()
    unpack = [part.format(archives[-1]) for part in package.unpack]
    subprocess.run(unpack, cwd=place, check=True)
    return place


def _listed(place: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in place.glob(pattern))


def _note(package: Package, place: Path, held: _Found) -> str:
    """Return a paragraph on a package, with its licence's own text."""
    title = f"{package.name} {package.version}".strip()
    text = f"## {title}\n\n{held}. {package.licence}."
    for path in _listed(place, [package.terms] if package.terms else []):
        text += f"\n\n```text\n{path.read_text('utf-8', errors='replace').strip()}\n```"
    return text + "\n"
