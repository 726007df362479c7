"""What a killed process leaves is removed by the next one, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from napari_sam2.io.files import leftovers
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.output import atomic_output

_WRITE = """
import sys
from pathlib import Path
from napari_sam2.io.files import leftovers
from napari_sam2.io.files.folder_output import atomic_folder
from napari_sam2.io.files.output import atomic_output

with (
    atomic_output(Path("labels.tif")) as file,
    atomic_folder(Path("labels"), lambda _: True, overwrite=False) as folder,
):
    file.write_text("half")
    (folder / "0.png").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@contextmanager
def writing(folder: Path):
    """Run a process that is in the middle of writing ``labels.tif`` and ``labels``."""
    words = [sys.executable, "-c", _WRITE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=folder, **pipes) as process:
        assert process.stdout.readline().strip() == b"writing"
        yield process


@pytest.fixture
def left(tmp_path) -> set[Path]:
    """Return what a process left that was killed."""
    with writing(tmp_path) as process:
        process.kill()
    left = {*tmp_path.iterdir()}
    assert len(left) == 2
    return left


@pytest.mark.parametrize("name", ["labels.tif", "labels"])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, name, left):
    path = tmp_path / name
    if path.suffix:
        with atomic_output(path) as temporary:
            temporary.write_text("whole")
    else:
        with atomic_folder(path, lambda _: True, overwrite=False):
            pass
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_live_process_writes_stays(tmp_path):
    with writing(tmp_path) as process:
        before = set(tmp_path.iterdir())
        with atomic_output(tmp_path / "table.csv") as temporary:
            temporary.write_text("whole")
        assert set(tmp_path.iterdir()) == before | {tmp_path / "table.csv"}
        process.stdin.close()
    assert process.returncode == 0
    found = {one.name for one in tmp_path.iterdir()}
    assert found == {"labels.tif", "labels", "table.csv"}


def test_what_others_keep_under_such_names_stays(tmp_path, left):
    names = {one.name for one in left}
    (file,) = (name for name in names if name.endswith(".tif"))
    shown, machine = file.removeprefix("."), file.split("-")[1]
    others = {shown, file.replace(machine, "00000000"), ".labels.part", "a.part.tif"}
    for name in others:
        (tmp_path / name).write_text("mine")
    with atomic_output(tmp_path / "table.csv"):
        pass
    assert {one.name for one in tmp_path.iterdir()} == others | {"table.csv"}


@pytest.mark.parametrize(
    "letter", ["l", "\N{CJK UNIFIED IDEOGRAPH-7D30}", "\N{SEEDLING}"]
)
def test_temporary_names_have_room_beside_the_longest(tmp_path, letter):
    size = len(letter.encode())
    names = [letter * (251 // size) + ".tif", f"l.{letter * (253 // size)}"]
    for path in (tmp_path / name for name in names):
        with atomic_output(path) as temporary:
            assert len(temporary.name.encode()) < 80
            temporary.write_text("whole")
        assert path.read_text() == "whole"


@pytest.fixture
def prefix_in(tmp_path, monkeypatch):
    """Return what names begin with in a container, or none, after a start."""

    def prefix(namespace: int, boot: str) -> str:
        (tmp_path / "boot_id").write_text(f"{boot}\n")
        monkeypatch.setattr(leftovers, "_BOOT_ID", tmp_path / "boot_id")
        monkeypatch.setattr(leftovers, "_pid_namespace", lambda: namespace)
        leftovers._machine.cache_clear()
        return leftovers.temporary_prefix("labels")

    yield prefix
    leftovers._machine.cache_clear()


def test_containers_of_two_machines_are_told_apart(prefix_in):
    """Both may have the same name and address, and number their processes alike."""
    one, other = prefix_in(4026532177, "5c1e"), prefix_in(4026532177, "90fa")
    assert one != other
    assert prefix_in(4026532178, "90fa") != other
    assert prefix_in(4026532177, "5c1e") == one


def test_a_machine_knows_what_it_left_before_it_was_started_anew(prefix_in):
    assert prefix_in(0xEFFFFFFC, "5c1e") == prefix_in(0xEFFFFFFC, "90fa")
