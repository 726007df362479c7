"""Bringing packages of pictures from their registries with the ordinary clients."""

from __future__ import annotations

import logging
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import DownloadError
from napari_sam2.training.assets.pictures import cutouts, photographs
from napari_sam2.training.assets.sources import PACKAGES, PHOTOGRAPHS
from napari_sam2.training.assets.store import save_assets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.training.assets.pictures import Bytes
    from napari_sam2.training.assets.sources import Package

_log = logging.getLogger(__name__)
LICENCES = "LICENCES.md"
_TITLE = """\
# Pictures for drawn footage

Fetched for training; no part of the software.
"""


def fetch(folder: Path, packages: Sequence[Package] = PACKAGES) -> None:
    """Fetch pictures into a folder, with a list of their licences.

    Raises
    ------
    DownloadError
        If none of the packages can be had.
    """
    found: list[Bytes] = []
    notes = [
        "# Pictures for drawn footage\n",
        "None of them is part of the software.\n",
    ]
    for package in packages:
        with tempfile.TemporaryDirectory() as work:
            try:
                place = _unpacked(package, Path(work))
            except (OSError, subprocess.CalledProcessError) as error:
                _log.warning("%s is left out: %s", package.name, error)
                continue
            objects = list(cutouts(_listed(place, package.pictures)))
            notes.append(_note(package, place, len(objects)))
        found += objects
        _log.info("%s: %d cut-outs", package.name, len(objects))
    if not found:
        raise DownloadError(
            "None of the packages with cut-outs could be fetched. The log says why; "
            "npm or apt-get and a network are needed."
        )
    notes.append("## Photographs in scikit-image\n")
    notes += [f"- `{name}`: {licence}" for name, licence in PHOTOGRAPHS.items()]
    save_assets(folder, np.stack(found), photographs())
    (folder / LICENCES).write_text("\n".join(notes) + "\n", "utf-8")


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


def _note(package: Package, place: Path, count: int) -> str:
    """Return a paragraph on a package, with its licence's own text."""
    text = (
        f"## {package.name} {package.version}\n\n{count} cut-outs. {package.licence}."
    )
    for path in _listed(place, [package.terms] if package.terms else []):
        text += f"\n\n```text\n{path.read_text('utf-8', errors='replace').strip()}\n```"
    return text + "\n"
