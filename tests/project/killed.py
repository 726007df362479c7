"""Saves, exports and autosaves without end, until it is killed; see test_killed.

Run as ``python killed.py FOLDER SEED COUNT``: children are forked from one interpreter,
because starting two hundred takes minutes. Each child numbers what it writes, and says
through a pipe which number is complete; then it is killed, at any moment, and what lies
in the folder is looked at.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import tifffile

from napari_sam2.control import InlineLane
from napari_sam2.io.result_formats import find_result_format
from napari_sam2.project.autosave import Autosave
from napari_sam2.project.reading import read_project
from napari_sam2.project.recovery import find_recoverable
from napari_sam2.project.results import export
from napari_sam2.project.session import new_document
from napari_sam2.project.values import Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import Edit
from tests.project.projects import example

SCALE = 1000


def numbered(number: int) -> Project:
    """Return a project all of whose masks carry a number."""
    return example(number / SCALE)


def number_of(project: Project) -> int:
    """Return the number that all masks carry; fail if they are of several saves."""
    masks = project.contents.masks
    numbers = {round(mask.predicted_iou * SCALE) for mask in masks.values()}
    assert len(masks) == 4, f"{len(masks)} masks are left"
    assert len(numbers) == 1, f"it is made of {numbers}"
    return numbers.pop()


def save(folder: Path, number: int) -> None:
    write_project(folder / "work.sam2", numbered(number))


def saved(folder: Path) -> int:
    return number_of(read_project(folder / "work.sam2"))


def export_labels(folder: Path, number: int) -> None:
    labels = find_result_format("labels-tiff")
    for _ in export(numbered(number), folder / "labels.tif", labels, overwrite=True):
        pass
    (folder / "exported").write_text(str(number))


def exported(folder: Path) -> int:
    """Return a number that is right when the labels are complete."""
    found = tifffile.imread(folder / "labels.tif")
    assert set(found.ravel().tolist()) == {0, 1, 7}
    return SCALE


class Autosaving:
    """One document that is changed and autosaved again and again."""

    def __init__(self) -> None:
        self.autosave: Autosave | None = None

    def __call__(self, folder: Path, number: int) -> None:
        project = numbered(number)
        if self.autosave is None:
            self.document = new_document(project)
            self.autosave = Autosave(
                self.document,
                lambda: project,
                lambda: project.contents.steps,
                lane=InlineLane(),
                folder=folder / "recovery",
            )
            self.document.apply(Edit("", {1: None}))
        contents = project.contents
        self.document.apply(
            Edit("", contents.objects, contents.prompts, contents.masks)
        )
        self.autosave.save()
        assert not self.autosave.has_changes


def recovered(folder: Path) -> int:
    """Return the number that is recovered, and leave nothing behind."""
    found = find_recoverable(folder / "recovery")
    assert len(found) <= 1, f"{len(found)} files are left"
    if not found:
        return 0
    number = number_of(found[0].read())
    found[0].discard()
    return number


def write_for_ever(write, folder: Path, first: int, pipe: int) -> None:
    """Write one number after the other, saying each that is complete."""
    for number in range(first, 10**9):
        write(folder, number)
        os.write(pipe, number.to_bytes(4, "little"))


def kill_one(write, folder: Path, first: int, seconds: float) -> int:
    """Kill a child while it writes; return the last number that it completed."""
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(readable)
            write_for_ever(write, folder, first, writable)
        finally:
            os._exit(1)  # only after an error
    os.close(writable)
    first_done = os.read(readable, 4)  # it is at work
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    done = first_done
    while more := os.read(readable, 4096):
        done = (done + more)[-4:]
    os.close(readable)
    assert done, "a child failed before it was killed"
    return int.from_bytes(done, "little")


def torment(write, read, folder: Path, seed: int, count: int) -> None:
    dice, number = random.Random(seed), 1
    for _ in range(count):
        kept = kill_one(write, folder, number, dice.uniform(0, 0.02))
        found = read(folder)
        assert found >= kept, f"{kept} was complete, but {found} is left"
        number = kept + 2
        for path in folder.glob(".*"):
            path.unlink()


def main() -> None:
    folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for write, read in (
        (save, saved),
        (export_labels, exported),
        (Autosaving(), recovered),
    ):
        torment(write, read, folder, seed, count)
    print(f"{3 * count} were killed")


if __name__ == "__main__":
    main()
