"""Saves, exports and autosaves without end, until it is killed; see test_killed.

Run as ``python killed.py FOLDER SEED COUNT``: children are forked from one interpreter,
because starting two hundred takes minutes. Each child numbers what it writes, and says
through a pipe which number is complete; then it is killed, at any moment, and what lies
in the folder is looked at.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile
import zarr

from napari_sam2.control import InlineLane
from napari_sam2.io.writing.result_formats import find_result_format
from napari_sam2.project.autosave import Autosave
from napari_sam2.project.reading import read_project
from napari_sam2.project.recovery import find_recoverable
from napari_sam2.project.results import export
from napari_sam2.project.values import ImageReference, Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import Edit
from tests.project.projects import example, new_document

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


def saved(folder: Path) -> int | None:
    """Return the number of the project; None when there is none."""
    path = folder / "work.sam2"
    return number_of(read_project(path)) if path.exists() else None


def export_labels(folder: Path, number: int) -> None:
    labels = find_result_format("labels-tiff")
    project = numbered(number)
    project = replace(project, image=ImageReference(f"number {number}"))
    for _ in export(project, folder / "labels.tif", labels, overwrite=True):
        pass


def exported(folder: Path) -> int | None:
    """Return the number of the labels, whose image is called by it."""
    path = folder / "labels.tif"
    if not path.exists():
        return None
    assert set(tifffile.imread(path).ravel().tolist()) == {0, 1, 7}
    with tifffile.TiffFile(path) as file:
        return int(re.search(r"number (\d+)", file.ome_metadata)[1])


def export_masks(folder: Path, number: int) -> None:
    """Write a folder of masks, which says inside which number it is."""
    chosen = find_result_format("labels-zarr")
    project = replace(numbered(number), image=ImageReference(f"number {number}"))
    for _ in export(project, folder / "masks.zarr", chosen, overwrite=True):
        pass


def exported_masks(folder: Path) -> int | None:
    """Return the number of the pyramid: the new one, or the old one moved aside."""
    path = folder / "masks.zarr"
    if not path.exists():  # it was killed between moving the old and the new
        for old in folder.glob(".masks.zarr*.old"):
            (old / path.name).rename(path)
    for rest in folder.glob(".masks.zarr*"):
        shutil.rmtree(rest)
    if not path.exists():
        return None
    group = zarr.open_group(path, mode="r")
    assert set(np.unique(group["0"][:])) == {0, 1, 7}
    return int(group.attrs["napari-sam2"]["image"]["name"].removeprefix("number "))


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


def recovered(folder: Path) -> int | None:
    """Return the number that is recovered, and leave nothing behind."""
    found = find_recoverable(folder / "recovery")
    numbers = [number_of(one.read()) for one in found]
    for one in found:
        one.discard()
    assert len(numbers) <= 1, f"{len(numbers)} files are left"
    return numbers[0] if numbers else None


def write_for_ever(write, folder: Path, first: int, pipe: int) -> None:
    """Write one number after the other, saying each that is complete."""
    for number in range(first, 10**9):
        write(folder, number)
        os.write(pipe, number.to_bytes(4, "little"))


def kill_one(write, folder: Path, first: int, seconds: float, *, waits: bool) -> int:
    """Kill a child while it writes; return the last number that it completed.

    It is killed some time after it began, or after it completed something; 0 is
    returned when it completed nothing.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(readable)
            write_for_ever(write, folder, first, writable)
        finally:
            os._exit(1)  # only after an error
    os.close(writable)
    done = os.read(readable, 4) if waits else b""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "a child failed before it was killed"
    while more := os.read(readable, 4096):
        done = (done + more)[-4:]
    os.close(readable)
    return int.from_bytes(done, "little")


def typical_seconds(write, folder: Path) -> float:
    """Return how long it takes to write once more."""
    write(folder, 1)
    started = time.perf_counter()
    for number in (2, 3, 4):
        write(folder, number)
    return (time.perf_counter() - started) / 3


def torment(make_write, read, folder: Path, seed: int, count: int) -> None:
    """Kill children at all moments of a write, and of the one that is their first."""
    dice, kept, first = random.Random(seed), 0, 1
    with tempfile.TemporaryDirectory(dir=folder) as elsewhere:
        seconds = typical_seconds(make_write(), Path(elsewhere))
    for trial in range(count):
        delay = dice.uniform(0, 1.5 * seconds)
        done = kill_one(make_write(), folder, first, delay, waits=trial % 3 > 0)
        # A recovery file is its own child's; projects and labels are all children's.
        kept = done if read is recovered else max(kept, done)
        found = read(folder)
        assert (found or 0) >= kept, f"{kept} was complete, but {found} is left"
        kept = max(kept, found or 0)
        first = max(first, kept) + 2
        for path in folder.glob(".*"):
            path.unlink()


def main() -> None:
    folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for write, read in (
        (lambda: save, saved),
        (lambda: export_labels, exported),
        (lambda: export_masks, exported_masks),
        (Autosaving, recovered),
    ):
        torment(write, read, folder, seed, count)
    print(f"{4 * count} were killed")


if __name__ == "__main__":
    main()
