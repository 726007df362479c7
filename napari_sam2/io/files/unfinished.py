"""A run that may break off: what is finished stays in a folder beside its output.

The folder says what the run is made of, so that it is never gone on with another image,
other prompts or another model.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.core.json_text import parse_json
from napari_sam2.io.files.output import atomic_output, looking_for, naming_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_sam2.core.quality import Precision

_RUN = "run.json"
_SUFFIX = ".unfinished"


def unfinished_folder(output: Path) -> Path:
    """Return the folder of a run with this output."""
    return output.with_name(output.name + _SUFFIX)


@contextmanager
def run_folder(
    output: Path, made_of: Mapping[str, Any], *, is_resumed: bool
) -> Iterator[Path]:
    """Give the folder for what is finished; it is gone when the block was done.

    Parameters
    ----------
    output : Path
        What is written in the end.
    made_of : mapping of str to value
        What results depend on, as JSON knows it; the keys are as messages name them,
        such as "another image".
    is_resumed : bool
        Whether a run that broke off is gone on with.

    Yields
    ------
    Path
        If the block fails, the folder stays with the files that are in it.

    Raises
    ------
    OutputError
        If there is an unfinished run that is not to be resumed, or one of something
        else, or nothing can be written there.
    """
    folder = unfinished_folder(output)
    described = json.loads(json.dumps({"version": 1, **made_of}))
    with looking_for(folder):
        is_begun = folder.is_file() or (folder.exists() and any(folder.iterdir()))
    if is_begun:
        _check_same(folder, described, is_resumed=is_resumed)
    try:
        if not is_begun:
            _begin(folder, described)
        yield folder
    except BaseException:
        if not _holds_results(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def settle_precision(folder: Path, precision: Precision | None) -> Precision | None:
    """Keep to what a run multiplies in; return what all of its results are made in.

    That is known only once a model is loaded. It is None where it is not known of what
    was finished before, or of this machine.

    Parameters
    ----------
    folder : Path
        From :func:`run_folder`.
    precision : str or None
        What this machine multiplies in.

    Raises
    ------
    OutputError
        If the run was begun in another one.
    """
    run = json.loads((folder / _RUN).read_text("utf-8"))
    if not _holds_results(folder):
        _write_run(folder, {**run, "precision": precision})
        return precision
    before: Precision | None = run.get("precision")
    if None not in (before, precision) and before != precision:
        raise OutputError(
            f"The run in {folder} was begun with products in another precision "
            f"({before}), and this machine multiplies in {precision}: go on where it "
            "was begun, or remove that folder to begin anew."
        )
    return None if precision is None else before


def _begin(folder: Path, described: Mapping[str, Any]) -> None:
    with naming_output(folder):
        folder.mkdir(exist_ok=True)
    _write_run(folder, described)


def _write_run(folder: Path, described: Mapping[str, Any]) -> None:
    with atomic_output(folder / _RUN, overwrite=True) as temporary:
        temporary.write_text(json.dumps(described, indent=1) + "\n", "utf-8")


def _holds_results(folder: Path) -> bool:
    return any(folder.rglob("*.zip"))


def _check_same(
    folder: Path, described: Mapping[str, Any], *, is_resumed: bool
) -> None:
    try:
        before = parse_json((folder / _RUN).read_bytes())
        differing = [one for one in described if before.get(one) != described[one]]
    except (OSError, ValueError, AttributeError) as error:
        raise OutputError(
            f"{folder} is in the way: unfinished work would be kept there, and this is "
            "something else. Remove it, or give the output another name."
        ) from error
    if not is_resumed:
        raise OutputError(
            f"{folder} holds an earlier run that was not finished: add --resume to go "
            "on with it, or remove that folder to begin anew."
        )
    if differing:
        what = _named(differing[0], before, described)
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
