"""Whether a disk has room for what is worth less than the rest of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TIMES = 4
"""As text it is a third larger, and a journal holds what it replaces as well."""


def has_room(folder: Path, size: int) -> bool:
    """Whether so many bytes can be written to a project without filling the disk."""
    try:
        return shutil.disk_usage(folder).free >= _TIMES * size
    except OSError:  # some network drives cannot say
        return True
