"""A folder gives way to a new one: whatever cuts that off, one of them is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.leftovers import remove_leftovers
from napari_sam2.io.files.output import atomic_output

NAME = "labels of a folder with quite a long name"

_REPLACE = """
import os, signal, sys
from pathlib import Path
from napari_sam2.io.files.folder_output import atomic_folder

def cut_off_after(wanted):
    done = []
    def watch(method):
        def called(self, *args, **options):
            found = method(self, *args, **options)
            done.append(method)
            if len(done) == wanted:
                os._exit(9)
            return found
        return called
    Path.rename, Path.mkdir = watch(Path.rename), watch(Path.mkdir)

name, wanted = sys.argv[1:]
with atomic_folder(Path(name), lambda _: True, overwrite=True) as folder:
    (folder / "0.png").write_text("new")
    cut_off_after(int(wanted))
"""


@pytest.fixture
def there(tmp_path) -> Path:
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "0.png").write_text("before")
    return folder


def cut_off(there: Path, step: int) -> None:
    """Let a process be killed when it has done some steps of replacing a folder."""
    words = [sys.executable, "-c", _REPLACE, there.name, str(step)]
    done = subprocess.run(words, cwd=there.parent, check=False)
    assert done.returncode == 9


def write_beside(there: Path) -> None:
    remove_leftovers.cache_clear()  # as the next process would
    with atomic_output(there.parent / "table.csv"):
        pass


@pytest.mark.parametrize(
    ("step", "found"), [(1, "before"), (2, "new"), (3, "new"), (4, "new")]
)
def test_the_next_process_ends_what_was_cut_off(there, step, found):
    cut_off(there, step)
    write_beside(there)
    assert (there / "0.png").read_text() == found
    assert {one.name for one in there.parent.iterdir()} == {NAME, "table.csv"}


def test_results_that_come_back_are_not_replaced_unasked(there):
    cut_off(there, 2)
    remove_leftovers.cache_clear()
    with (
        pytest.raises(OutputError, match="exists"),
        atomic_folder(there, lambda _: True, overwrite=False),
    ):
        pytest.fail("hours of work would be for nothing")
    assert (there / "0.png").read_text() == "new"


def test_what_was_cut_off_stays_where_another_was_made_meanwhile(there):
    cut_off(there, 2)
    there.mkdir()
    (there / "0.png").write_text("mine")
    write_beside(there)
    assert (there / "0.png").read_text() == "mine"
    kept = {one.read_text() for one in there.parent.rglob("0.png")}
    assert kept == {"mine", "before", "new"}


def test_what_was_before_comes_back_where_the_new_one_was_taken_away(there):
    cut_off(there, 3)
    there.rename(there.with_name("elsewhere"))
    write_beside(there)
    assert (there / "0.png").read_text() == "before"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("step", [1, 2])
def test_a_failure_in_between_leaves_what_was_there(there, error, step, monkeypatch):
    rename, done = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        done.append(target)
        if len(done) == step:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with (
        pytest.raises((KeyboardInterrupt, OutputError)),
        atomic_folder(there, lambda _: True, overwrite=True) as folder,
    ):
        (folder / "0.png").write_text("new")
    assert (there / "0.png").read_text() == "before"
    assert [one.name for one in there.parent.iterdir()] == [NAME]


def test_nothing_is_lost_where_not_even_that_can_be_moved_back(there, monkeypatch):
    rename, done = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        done.append(target)
        if len(done) > 1:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with (
        pytest.raises(OutputError, match="Input/output error"),
        atomic_folder(there, lambda _: True, overwrite=True) as folder,
    ):
        (folder / "0.png").write_text("new")
    kept = {one.read_text() for one in there.parent.rglob("0.png")}
    assert kept == {"before", "new"}
