"""One process at a time works in a folder: it leaves its name there meanwhile."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.leftovers import PART, living_writers, temporary_prefix
from napari_sam2.io.files.output import naming_output

if TYPE_CHECKING:
    from pathlib import Path

_CLAIM = "claim"


def claim(folder: Path) -> None:
    """Say that this process works in a folder.

    What a process leaves that was killed, or ran on another machine, stands in nobody's
    way.

    Raises
    ------
    OutputError
        If another process does, or nothing can be written there.
    """
    with naming_output(folder):
        _mine(folder).touch()
    if living_writers(folder, _CLAIM) - {os.getpid()}:
        give_up(folder)
        raise OutputError(
            f"Another run works in {folder} now: wait for it, or give the output "
            "another name."
        )


def give_up(folder: Path) -> None:
    """Let others work in a folder."""
    with suppress(OSError):
        _mine(folder).unlink()


def _mine(folder: Path) -> Path:
    return folder / f"{temporary_prefix(_CLAIM)}run{PART}"
