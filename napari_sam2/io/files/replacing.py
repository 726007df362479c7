"""A new folder in the place of another one, so that one of them is always to be had.

No system swaps two folders at once. While the new one, which is complete, is moved to
its place, the other lies in a hidden folder beside it, under its own name: so a process
that comes after one that was killed in between knows what belongs where.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ASIDE = ".old"


def put_in_place(temporary: Path, path: Path) -> None:
    """Move a complete folder to where another one may be.

    Parameters
    ----------
    temporary : Path
        The new folder, under a hidden name.
    path : Path
        Where it belongs. What is there is removed, and is back if this fails.

    Raises
    ------
    OSError
        If something cannot be moved. Where what was there cannot be moved back either,
        both stay under hidden names, for :func:`settle`.
    """
    if not path.exists():
        temporary.rename(path)
        return
    aside = aside_of(temporary)
    aside.mkdir()
    before = aside / path.name
    try:
        path.rename(before)
        temporary.rename(path)
    except BaseException:
        if not path.exists():
            with suppress(OSError):
                before.rename(path)
        raise
    finally:
        if path.exists():
            _discard(aside, temporary)


def aside_of(temporary: Path) -> Path:
    """Return the hidden folder for what a new one takes the place of."""
    return temporary.with_suffix(ASIDE)


def settle(aside: Path, new: Path) -> None:
    """End what a process began that is no more, as far as nothing is lost by that.

    Parameters
    ----------
    aside : Path
        The hidden folder in which that process put what was there before.
    new : Path
        The hidden name of the new folder, which may have been moved already.
    """
    inside = list(aside.iterdir())
    if len(inside) > 1 or not all(one.is_dir() for one in inside):
        return  # not made here
    if not inside:
        aside.rmdir()
        return
    path = aside.with_name(inside[0].name)
    if path.exists() and new.exists():
        return  # a third one was made meanwhile
    if new.exists():
        new.rename(path)
    elif not path.exists():
        inside[0].rename(path)
    _discard(aside, new)


def _discard(aside: Path, free: Path) -> None:
    """Remove what was there before, half of which must never be taken for the whole."""
    with suppress(OSError):
        if any(aside.iterdir()):
            aside = aside.rename(free)
        shutil.rmtree(aside, ignore_errors=True)
