"""What a folder says of the run in it: a record in JSON, compared with the present one.

The record says what the run was asked for, which has to be the same to go on with it,
and what turned out as it went.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.core.json_text import parse_json
from napari_sam2.io.files.output import atomic_output

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RECORD = "run.json"
_VERSION = 1


def make_record(made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a run that is made of this, as it will be read again."""
    record: dict[str, Any] = json.loads(json.dumps({"version": _VERSION, **made_of}))
    return record


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write what a folder says of its run.

    Raises
    ------
    OutputError
        If that cannot be; what it said before is still there.
    """
    with atomic_output(folder / _RECORD, overwrite=True) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def read_record(folder: Path) -> dict[str, Any]:
    """Return what a folder says of its run; ValueError if it says nothing.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    try:
        found = parse_json((folder / _RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError("it holds no run") from error
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror}.") from error
    if not isinstance(found, dict) or "version" not in found:
        raise ValueError("it holds no run")
    return found


def note_in_record(folder: Path, fields: Mapping[str, Any]) -> None:
    """Add to what a folder says of its run, if that can be."""
    with suppress(OutputError, OSError, ValueError):
        write_record(folder, {**read_record(folder), **fields})


def check_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Check that a run was begun with all that a record says.

    Parameters
    ----------
    folder : Path
    before : mapping
        What the folder says; it may say more.
    now : mapping
        The keys are as messages name them, such as "another image".

    Raises
    ------
    OutputError
        If it was not.
    """
    differing = [one for one in now if before.get(one) != now[one]]
    if differing:
        what = _named(differing[0], before, now)
        raise OutputError(
            f"The run in {folder} was begun with {what}: give the command as it was, "
            "or remove that folder to begin anew."
        )


def _named(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say what differs, and where it is one of several things, which."""
    one, other = before.get(key), now[key]
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return key
    parts = [name for name in other if one.get(name) != other[name]]
    return f"{key} ({', '.join(parts)})" if parts else key
