"""A run that may break off: what is finished stays in a folder beside its output.

The folder says what the run is made of, so that it is not gone on with other prompts,
another model, or another image as far as a few of its frames tell.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.core.json_text import parse_json
from napari_sam2.io.files.claim import claim, give_up
from napari_sam2.io.files.output import atomic_output, names_in, naming_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_sam2.core.quality import Precision

_RUN = "run.json"
_SUFFIX = ".unfinished"
_RESULTS = ".zip", ".safetensors"
_IS_FINISHED, _WRITTEN = "is_finished", "written"


def unfinished_folder(output: Path) -> Path:
    """Return the folder of a run with this output."""
    return output.with_name(output.name + _SUFFIX)


class RunFolder:
    """The folder of a run, which is there once it was begun.

    Parameters
    ----------
    path : Path
    described : mapping
        What results depend on.
    is_kept : bool
        Whether it holds what was finished before.

    Attributes
    ----------
    is_left : bool
        Whether it stays although nothing fails, as what is written is not all of it.
    """

    def __init__(
        self, path: Path, described: Mapping[str, Any], *, is_kept: bool
    ) -> None:
        self.path = path
        self.is_kept = is_kept
        self.is_left = False
        self._described = described
        self._is_mine = False
        self._precision: Precision | None = None
        if is_kept:
            claim(path)
            self._is_mine = True

    def begin(self) -> None:
        """Make the folder, if it was not yet.

        Raises
        ------
        OutputError
            If nothing can be written there, or another run was begun there meanwhile.
        """
        if self._is_mine:
            return
        with naming_output(self.path):
            self.path.mkdir(exist_ok=True)
        claim(self.path)
        if holds_results(self.path):
            give_up(self.path)
            raise OutputError(
                f"{self.path} holds another run by now: go on with that one, or remove "
                "it."
            )
        self._is_mine = True
        self._write({**self._described, "precision": self._precision})

    def settle_precision(self, precision: Precision | None) -> Precision | None:
        """Keep to what a run multiplies in; return what all of its results are made in.

        That is known only once a model is loaded. It is None where it is not known of
        what was finished before, or of this machine.

        Parameters
        ----------
        precision : str or None
            What this machine multiplies in.

        Raises
        ------
        OutputError
            If the run was begun in another one.
        """
        if not self.is_kept:
            self._precision = precision
            if self._is_mine:
                self._write({**_read_run(self.path), "precision": precision})
            return precision
        before: Precision | None = _read_run(self.path).get("precision")
        if None not in (before, precision) and before != precision:
            raise OutputError(
                f"The run in {self.path} was begun with products in another precision "
                f"({before}), and this machine multiplies in {precision}: go on where "
                "it was begun, or remove that folder to begin anew."
            )
        return None if precision is None else before

    def note_written(self, outputs: Iterable[Path]) -> None:
        """Note which outputs are there, which the run that goes on may replace.

        Where it cannot be noted, they have to be replaced in so many words.

        Parameters
        ----------
        outputs : iterable of Path
            Only while they are as they are now.
        """
        stamps = {str(one.absolute()): _stamp(one) for one in outputs}
        self._note({_WRITTEN: stamps})

    def close(self, *, has_failed: bool) -> None:
        """Remove the folder, but for what is finished of a run that did not end."""
        if not self._is_mine:
            return
        if holds_results(self.path) if has_failed else self.is_left:
            give_up(self.path)
            return
        if not has_failed:
            self._note({_IS_FINISHED: True})  # for where it cannot be removed
        shutil.rmtree(self.path, ignore_errors=True)

    def _note(self, fields: Mapping[str, Any]) -> None:
        """Add to what the folder says of the run, if that can be."""
        if self._is_mine:
            with suppress(OutputError, OSError, ValueError):
                self._write({**_read_run(self.path), **fields})

    def _write(self, described: Mapping[str, Any]) -> None:
        with atomic_output(self.path / _RUN, overwrite=True) as temporary:
            temporary.write_text(json.dumps(described, indent=1) + "\n", "utf-8")


@contextmanager
def run_folder(
    output: Path, made_of: Mapping[str, Any], *, is_resumed: bool
) -> Iterator[RunFolder]:
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
    RunFolder
        If the block fails, the folder stays with the files that are in it.

    Raises
    ------
    OutputError
        If there is an unfinished run that is not to be resumed, or one of something
        else, or another process works there.
    """
    described = json.loads(json.dumps({"version": 1, **made_of}))
    folder = unfinished_folder(output)
    is_kept = _holds_anything(folder)
    if is_kept:
        is_kept = _goes_on(folder, described, is_resumed=is_resumed)
    run = RunFolder(folder, described, is_kept=is_kept)
    try:
        yield run
    except BaseException:
        run.close(has_failed=True)
        raise
    run.close(has_failed=False)


def written_before(output: Path) -> dict[Path, bool]:
    """Return the outputs of a run that broke off, and whether they are as it left them.

    Raises
    ------
    OutputError
        If that cannot be read.
    """
    folder = unfinished_folder(output)
    if not _holds_anything(folder):
        return {}
    try:
        noted = _read_run(folder).get(_WRITTEN, {})
    except ValueError:
        return {}
    return {Path(one): _stamp(Path(one)) == stamp for one, stamp in noted.items()}


def _stamp(path: Path) -> list[int] | None:
    """Return size and date of a file or folder; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _holds_anything(folder: Path) -> bool:
    """Whether there is something else in the way than what a process has left."""
    if any(not one.name.startswith(".") for one in names_in(folder)):
        return True
    return os.path.isfile(folder)  # noqa: PTH113 (False also where a name is too long)


def _read_run(folder: Path) -> dict[str, Any]:
    """Return what the run in a folder is made of; ValueError if there is none.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    try:
        found = parse_json((folder / _RUN).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError("it holds no run") from error
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror}.") from error
    if not isinstance(found, dict) or "version" not in found:
        raise ValueError("it holds no run")
    return found


def holds_results(folder: Path) -> bool:
    """Whether anything that is finished is kept in a folder."""
    if not names_in(folder):
        return False
    found = (one for one in folder.rglob("*") if not one.name.startswith("."))
    return any(one.suffix in _RESULTS for one in found)


def _goes_on(folder: Path, described: Mapping[str, Any], *, is_resumed: bool) -> bool:
    """Whether the run in a folder is gone on with; if not, another may begin there."""
    try:
        before = _read_run(folder)
    except ValueError as error:
        raise OutputError(
            f"{folder} is in the way: unfinished work would be kept there, and this is "
            "something else. Remove it, or give the output another name."
        ) from error
    if before.get(_IS_FINISHED):
        shutil.rmtree(folder, ignore_errors=True)  # which was not possible then
        return False
    if not holds_results(folder):
        return False  # it was killed before there was anything to keep
    if not is_resumed:
        raise OutputError(
            f"{folder} holds an earlier run that was not finished: add --resume to go "
            "on with it, or remove that folder to begin anew."
        )
    _check_same(folder, before, described)
    return True


def _check_same(
    folder: Path, before: Mapping[str, Any], described: Mapping[str, Any]
) -> None:
    differing = [one for one in described if before.get(one) != described[one]]
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
