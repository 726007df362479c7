"""Who may read and write a result: as of any new file, or of the one that it replaces.

Network shares may refuse to set permissions, and what was written is no less for that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def new_file_mode() -> int | None:
    """Return the permissions of any new file; None where there are no such things."""
    if os.name != "posix":
        return None
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def set_mode(path: Path, mode: int) -> None:
    """Give a file or a folder its permissions, unless the system refuses."""
    with suppress(OSError):
        path.chmod(mode)


def keep_mode(target: Path, new: Path) -> None:
    """Give a file the permissions of the one that it takes the place of."""
    if os.name == "posix" and target.exists():
        set_mode(new, target.stat().st_mode & 0o777)
