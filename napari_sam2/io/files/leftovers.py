"""What a process leaves when it is killed while it writes, and who may remove it.

A temporary file or folder says in its name which process of which machine it belongs
to. Where that process is no more, the next one that writes to the folder removes it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import uuid
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

PART = ".part"

_TOLD_LETTERS = 20
_PID_NAMESPACE = Path("/proc/self/ns/pid")


def temporary_prefix(name: str) -> str:
    """Begin a hidden name that tells whose it is, and is not much longer."""
    return f".{name[:_TOLD_LETTERS]}-{_machine()}-{os.getpid()}-"


@cache
def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are no more left in a folder, once for each folder.

    Parameters
    ----------
    folder : Path
        Where something is about to be written. What belongs to a process of another
        machine or container stays: whether it lives cannot be seen from here.
    """
    with suppress(OSError):  # it is not ours to complain of the folder
        for entry in list(os.scandir(folder)):
            pid = _writer_of(entry.name)
            if pid is not None and not _is_alive(pid):
                _remove(Path(entry))


def _writer_of(name: str) -> int | None:
    """Return the number of the process of this machine that something belongs to."""
    pattern = (
        rf"\..{{0,{_TOLD_LETTERS}}}-{_machine()}-(\d+)-[a-z0-9_]+{re.escape(PART)}"
    )
    found = re.match(rf"{pattern}(\.|$)", name, re.DOTALL)
    return None if found is None else int(found[1])


def _is_alive(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


@cache
def _machine() -> str:
    """Return what tells apart the places that count their processes by themselves."""
    try:
        namespace = _PID_NAMESPACE.stat().st_ino  # containers count on their own
    except OSError:
        namespace = 0
    told = f"{platform.node()} {uuid.getnode()} {namespace}"
    return f"{zlib.crc32(told.encode('utf-8', 'replace')):08x}"
