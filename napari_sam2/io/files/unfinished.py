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
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from napari_sam2.core.quality import Precision

_RUN = "run.json"
_SUFFIX = ".unfinished"
_RESULTS = ".zip", ".safetensors"
_IS_WRITTEN = "is_written"


def unfinished_folder(output: Path) -> Path:
    """Return the folder of a run with this output."""
    return output.with_name(output.name + _SUFFIX)


class RunFolder:
    """The folder of a run, which is there once it was begun.

    Parameters
    ----------
    path : Path
    describe : callable
        Returns what results depend on.
    is_begun : bool
        Whether it holds what was finished before.
    """

    def __init__(
        self, path: Path, describe: Callable[[], Mapping[str, Any]], *, is_begun: bool
    ) -> None:
        self.path = path
        self.is_left = False
        self._describe = describe
        self._is_begun = is_begun
        self._precision: Precision | None = None

    def begin(self) -> None:
        """Make the folder, if it was not yet.

        Raises
        ------
        OutputError
            If nothing can be written there.
        """
        if not self._is_begun:
            with naming_output(self.path):
                self.path.mkdir(exist_ok=True)
            self._write({**self._describe(), "precision": self._precision})
            self._is_begun = True

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
        if not holds_results(self.path):
            self._precision = precision
            if self._is_begun:
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

    def leave(self) -> None:
        """Let it stay, as the output that is written is not all of it.

        A run that goes on replaces that output.
        """
        self.is_left = True
        self._write({**_read_run(self.path), _IS_WRITTEN: True})

    def _write(self, described: Mapping[str, Any]) -> None:
        with atomic_output(self.path / _RUN, overwrite=True) as temporary:
            temporary.write_text(json.dumps(described, indent=1) + "\n", "utf-8")


@contextmanager
def run_folder(
    output: Path,
    describe: Callable[[], Mapping[str, Any]],
    *,
    is_resumed: bool,
    overwrite: bool = False,
) -> Iterator[RunFolder]:
    """Give the folder for what is finished; it is gone when the block was done.

    Parameters
    ----------
    output : Path
        What is written in the end.
    describe : callable
        Returns what results depend on, as JSON knows it; the keys are as messages name
        them, such as "another image". Called only where a folder is, or has to be.
    is_resumed : bool
        Whether a run that broke off is gone on with.
    overwrite : bool, optional
        Whether a run that broke off gives way to one of something else.

    Yields
    ------
    RunFolder
        If the block fails, the folder stays with the files that are in it.

    Raises
    ------
    OutputError
        If there is an unfinished run that is not to be resumed, or one of something
        else, or nothing can be written there.
    """

    def described() -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads(json.dumps({"version": 1, **describe()}))
        return found

    folder = unfinished_folder(output)
    with looking_for(folder):
        is_there = folder.is_file() or (folder.exists() and any(folder.iterdir()))
    is_begun = is_there and _goes_on(folder, described, is_resumed, overwrite)
    run = RunFolder(folder, described, is_begun=is_begun)
    try:
        yield run
    except BaseException:
        if not holds_results(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if not run.is_left:
        shutil.rmtree(folder, ignore_errors=True)


def replaces_output(output: Path) -> bool:
    """Whether an output is what was written of a run that broke off."""
    try:
        return _read_run(unfinished_folder(output)).get(_IS_WRITTEN) is True
    except (OSError, ValueError):
        return False


def _read_run(folder: Path) -> dict[str, Any]:
    """Return what the run in a folder is made of; ValueError if there is none."""
    found = parse_json((folder / _RUN).read_bytes())
    if not isinstance(found, dict) or "version" not in found:
        raise ValueError("it holds no run")
    return found


def holds_results(folder: Path) -> bool:
    """Whether anything that is finished is kept in a folder."""
    found = (one for one in folder.rglob("*") if not one.name.startswith("."))
    return any(one.suffix in _RESULTS for one in found)


def _goes_on(
    folder: Path,
    describe: Callable[[], Mapping[str, Any]],
    is_resumed: bool,
    overwrite: bool,
) -> bool:
    """Whether the run in a folder is gone on with; if not, the folder is free."""
    try:
        before = _read_run(folder)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{folder} is in the way: unfinished work would be kept there, and this is "
            "something else. Remove it, or give the output another name."
        ) from error
    if not holds_results(folder):
        return False  # it was killed before there was anything to keep
    described = describe()
    differing = [one for one in described if before.get(one) != described[one]]
    if differing and overwrite and not is_resumed:
        shutil.rmtree(folder, ignore_errors=True)
        return False
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
    return True


def _named(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say what differs, and where it is one of several things, which."""
    one, other = before.get(key), now[key]
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return key
    parts = [name for name in other if one.get(name) != other[name]]
    return f"{key} ({', '.join(parts)})" if parts else key
