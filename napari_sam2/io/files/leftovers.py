"""What a process leaves when it is killed while it writes, and who may remove it.

A temporary file or folder says in its name which process of which machine it belongs
to. Where that process is no more, the next one that writes to the folder removes what
is half written, and ends what was all but done.
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

from napari_sam2.io.files.replacing import ASIDE, aside_of, settle

PART = ".part"

_TOLD_BYTES = 20
_PID_NAMESPACE = Path("/proc/self/ns/pid")
_OF_THE_MACHINE = 0xEFFFFFFC  # what Linux calls the namespace of no container
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def temporary_prefix(name: str) -> str:
    """Begin a hidden name that tells whose it is, and is not much longer."""
    told = name.encode(errors="ignore")[:_TOLD_BYTES].decode(errors="ignore")
    return f".{told}-{_machine()}-{os.getpid()}-"


@cache
def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are no more left in a folder, once for each folder.

    A folder that was complete, and only had to be put in the place of another, is put
    there. So this comes before it is looked at what is there.

    Parameters
    ----------
    folder : Path
        Where something is about to be written. What belongs to a process of another
        machine or container stays: whether it lives cannot be seen from here.
    """
    with suppress(OSError):  # it is not ours to complain of the folder
        names = [entry.name for entry in os.scandir(folder)]
        left = [folder / name for name in names if _is_left(name)]
        for aside in (one for one in left if one.suffix == ASIDE):
            with suppress(OSError):
                settle(aside, aside.with_suffix(PART))
        for part in (one for one in left if one.suffix != ASIDE):
            if not aside_of(part).exists():  # else it may be complete
                _remove(part)


def _is_left(name: str) -> bool:
    pid = _writer_of(name)
    return pid is not None and not _is_alive(pid)


def living_writers(folder: Path, name: str) -> frozenset[int]:
    """Return the processes of this machine that have something in a folder.

    Parameters
    ----------
    folder : Path
    name : str
        What it is called, as :func:`temporary_prefix` was told.
    """
    found = (_writer_of(one.name) for one in folder.glob(f".{name}-*"))
    return frozenset(pid for pid in found if pid is not None and _is_alive(pid))


def _writer_of(name: str) -> int | None:
    """Return the number of the process of this machine that something belongs to."""
    whose = rf"\..{{0,{_TOLD_BYTES}}}-{_machine()}-(\d+)-[a-z0-9_]+"
    kinds = rf"(?:{re.escape(PART)}(\.|$)|{re.escape(ASIDE)}$)"
    found = re.match(whose + kinds, name, re.DOTALL)
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
    told = f"{platform.node()} {uuid.getnode()} {_container()}"
    return f"{zlib.crc32(told.encode('utf-8', 'replace')):08x}"


def _container() -> str:
    """Return what tells apart containers, also those of several machines.

    Their names and addresses are given by rules, and may be the same on two machines.
    Outside of containers it is always the same, so that what was being written when the
    power failed is known afterwards.
    """
    try:
        namespace = _pid_namespace()
        if namespace == _OF_THE_MACHINE:
            return str(namespace)
        return f"{namespace} {_BOOT_ID.read_text('ascii').strip()}"
    except OSError:
        return ""


def _pid_namespace() -> int:
    return _PID_NAMESPACE.stat().st_ino
