"""A run that may break off: what is finished stays in a folder beside its output.

The folder is there from the first result to the last one, and belongs to one process at
a time. What it says of its run is :mod:`napari_sam2.io.files.run_record`'s.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.claim import claim, give_up
from napari_sam2.io.files.output import names_in, naming_output
from napari_sam2.io.files.run_record import (
    check_same,
    make_record,
    note_in_record,
    read_record,
    write_record,
)
from napari_sam2.io.files.stamp import stamp_of, stamps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    record : mapping
        What it will say of a run that begins.
    before : mapping or None
        What it says of the run that is gone on with; None where one begins.

    Attributes
    ----------
    is_left : bool
        Whether it stays although nothing fails, as what is written is not all of it.
    """

    def __init__(
        self, path: Path, record: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> None:
        self.path = path
        self.is_left = False
        self._is_mine = False
        self._before = before
        self._record = dict(record if before is None else before)
        if before is not None:
            claim(path)
            self._is_mine = True

    @property
    def is_kept(self) -> bool:
        """Whether it holds what was finished before."""
        return self._before is not None

    @property
    def before(self) -> Mapping[str, Any]:
        """What it says of the run that is gone on with; nothing where one begins."""
        return self._before or {}

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
        write_record(self.path, self._record)

    def settle(self, **fields: Any) -> None:
        """Say of the run what turned out only as it began, or was gone on with.

        Raises
        ------
        OutputError
            If it cannot be written into a folder that is there.
        """
        before = dict(self._record)
        self._record |= fields
        if self._is_mine and self._record != before:
            write_record(self.path, self._record)

    def note_written(self, outputs: Iterable[Path]) -> None:
        """Note which outputs are there, which the run that goes on may replace.

        Where it cannot be noted, they have to be replaced in so many words.

        Parameters
        ----------
        outputs : iterable of Path
            Only while they are as they are now.
        """
        self._note({_WRITTEN: stamps_of(outputs)})

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
        if self._is_mine:
            note_in_record(self.path, fields)


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
    record, folder = make_record(made_of), unfinished_folder(output)
    before = None
    if _holds_anything(folder):
        before = _to_go_on_with(folder, record, is_resumed=is_resumed)
    run = RunFolder(folder, record, before)
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
        noted = read_record(folder).get(_WRITTEN, {})
    except ValueError:
        return {}
    return {Path(one): stamp_of(Path(one)) == stamp for one, stamp in noted.items()}


def holds_results(folder: Path) -> bool:
    """Whether anything that is finished is kept in a folder."""
    if not names_in(folder):
        return False
    found = (one for one in folder.rglob("*") if not one.name.startswith("."))
    return any(one.suffix in _RESULTS for one in found)


def _holds_anything(folder: Path) -> bool:
    """Whether there is something else in the way than what a process has left."""
    if any(not one.name.startswith(".") for one in names_in(folder)):
        return True
    return os.path.isfile(folder)  # noqa: PTH113 (False also where a name is too long)


def _to_go_on_with(
    folder: Path, record: Mapping[str, Any], *, is_resumed: bool
) -> dict[str, Any] | None:
    """Return what a folder says of its run; None where another one may begin there."""
    try:
        before = read_record(folder)
    except ValueError as error:
        raise OutputError(
            f"{folder} is in the way: unfinished work would be kept there, and this is "
            "something else. Remove it, or give the output another name."
        ) from error
    if before.get(_IS_FINISHED):
        shutil.rmtree(folder, ignore_errors=True)  # which was not possible then
        return None
    if not holds_results(folder):
        return None  # it was killed before there was anything to keep
    if not is_resumed:
        raise OutputError(
            f"{folder} holds an earlier run that was not finished: add --resume to go "
            "on with it, or remove that folder to begin anew."
        )
    check_same(folder, before, record)
    return before
