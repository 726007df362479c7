"""A project finds its image again, and says what became of it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import MissingExtraError, ProjectError, Sam2Error
from napari_sam2.io.reading.stack import Stack, open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project.image import (
    Whereabouts,
    glance,
    locate_image,
    open_image,
    refer_to_image,
    with_known_pixels,
)
from napari_sam2.project.image_paths import related_to
from napari_sam2.project.session import stack_geometry
from napari_sam2.project.values import ImageReference, Project
from tests.project.projects import example

PIXELS = np.arange(6 * 8 * 10, dtype=np.uint16).reshape(6, 8, 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an image, and a place for a project of it."""
    (tmp_path / "study").mkdir()
    write(tmp_path / "study" / "cells.tif", PIXELS)
    return tmp_path / "study"


def write(path: Path, pixels: np.ndarray, axes: str = "TYX") -> None:
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes})


def project_for(path: Path, axis: int | str | None = None, at=None) -> Project:
    frames = stack_frames(open_stack(path), axis, at=at)
    image = refer_to_image("cells", path, frames=frames)
    return Project(
        related_to(image, path.parent / "work.sam2"),
        stack_geometry(frames.stack.axes, frames.layout),
    )


def test_an_image_that_is_there_is_found_without_reading_it(folder, monkeypatch):
    project = project_for(folder / "cells.tif")
    monkeypatch.setattr("napari_sam2.project.image.open_stack", None)
    state = locate_image(project, folder / "work.sam2")
    assert state.whereabouts is Whereabouts.FOUND
    assert state.path == folder / "cells.tif"


def test_a_copied_or_touched_image_is_the_same(folder: Path) -> None:
    project = project_for(folder / "cells.tif")
    os.utime(folder / "cells.tif", (1, 1))
    state = locate_image(project, folder / "work.sam2")
    assert state.whereabouts is Whereabouts.FOUND


def test_project_and_image_can_be_moved_together(folder: Path, tmp_path: Path) -> None:
    project = project_for(folder / "cells.tif")
    folder.rename(tmp_path / "archive")
    state = locate_image(project, tmp_path / "archive" / "work.sam2")
    assert state.whereabouts is Whereabouts.MOVED
    assert state.path == tmp_path / "archive" / "cells.tif"
    np.testing.assert_array_equal(open_image(project, state.path)[3], PIXELS[3])


def test_a_project_alone_can_be_moved(folder: Path, tmp_path: Path) -> None:
    project = project_for(folder / "cells.tif")
    state = locate_image(project, tmp_path / "work.sam2")
    assert state.whereabouts is Whereabouts.FOUND


def test_a_copy_of_a_project_beside_another_image_finds_its_own(folder, tmp_path):
    project = project_for(folder / "cells.tif")
    other = tmp_path / "other"
    other.mkdir()
    write(other / "cells.tif", PIXELS + 1)
    state = locate_image(project, other / "work.sam2")
    assert (state.whereabouts, state.path) == (Whereabouts.FOUND, folder / "cells.tif")


def test_a_missing_image_is_asked_for(folder: Path, tmp_path: Path) -> None:
    project = project_for(folder / "cells.tif")
    elsewhere = (folder / "cells.tif").rename(tmp_path / "other name.tif")
    state = locate_image(project, folder / "work.sam2")
    assert state.whereabouts is Whereabouts.MISSING
    assert "say where it is now" in state.sentence
    found = locate_image(project, folder / "work.sam2", instead=elsewhere)
    assert found.whereabouts is Whereabouts.MOVED
    lost = locate_image(project, folder / "work.sam2", instead=tmp_path / "no.tif")
    assert lost.whereabouts is Whereabouts.MISSING


@pytest.mark.parametrize(
    ("pixels", "difference"),
    [
        (PIXELS + np.uint16(1), "its pixels are others"),
        (PIXELS.astype(np.uint8), "its pixels are uint8, and were uint16"),
        (PIXELS[:5], "5 frames of 8 × 10 pixels, but the project's"),
        (PIXELS[:, :4], "6 frames of 4 × 10 pixels"),
    ],
)
def test_a_changed_image_is_told(folder, pixels, difference: str) -> None:
    project = project_for(folder / "cells.tif")
    write(folder / "cells.tif", pixels)
    state = locate_image(project, folder / "work.sam2")
    assert state.whereabouts is Whereabouts.CHANGED
    assert difference in state.sentence


def damage(path: Path, frame: int) -> None:
    """Write the image with a frame that cannot be read."""
    tifffile.imwrite(path, PIXELS, compression="zlib", metadata={"axes": "TYX"})
    with tifffile.TiffFile(path) as file:
        start = file.pages[frame].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start : start + 20] = bytes(20)
    path.write_bytes(content)


def test_a_damaged_image_is_another_one_and_is_let_go(folder, monkeypatch) -> None:
    project = project_for(folder / "cells.tif")
    damage(folder / "cells.tif", 3)
    closed: list[Stack] = []
    monkeypatch.setattr(Stack, "close", lambda self: closed.append(self))
    state = locate_image(project, folder / "work.sam2")
    assert state.whereabouts is Whereabouts.CHANGED
    assert "missing or damaged" in state.sentence
    assert len(closed) == 1


def test_an_image_without_the_axes_is_let_go(folder, monkeypatch) -> None:
    path = folder / "volume.tif"
    write(path, PIXELS.reshape(3, 2, 8, 10), "TZYX")
    project = project_for(path, "z", {"t": 2})
    write(path, PIXELS[:4].reshape(2, 2, 8, 10), "TZYX")
    closed: list[Stack] = []
    monkeypatch.setattr(Stack, "close", lambda self: closed.append(self))
    with pytest.raises(Sam2Error):
        open_image(project, path)
    assert len(closed) == 1


def test_a_package_that_is_missing_does_not_make_another_image(folder, monkeypatch):
    zarr = pytest.importorskip("zarr")
    zarr.save_array(folder / "cells.zarr", PIXELS)
    project = project_for(folder / "cells.zarr")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError, match="pip install"):
        locate_image(project, folder / "work.sam2")


def test_an_image_that_was_never_a_file_is_missing(tmp_path: Path) -> None:
    project = replace(example(), image=ImageReference("from a plugin", None))
    state = locate_image(project, tmp_path / "work.sam2")
    assert state.whereabouts is Whereabouts.MISSING
    assert "was never a file" in state.sentence


def test_a_path_that_cannot_be_is_missing(folder: Path) -> None:
    project = project_for(folder / "cells.tif")
    odd = replace(project.image, path="\udce9" * 5000, relative_path="a" * 5000)
    state = locate_image(replace(project, image=odd), folder / "work.sam2")
    assert state.whereabouts is Whereabouts.MISSING


def test_a_volume_in_time_is_cut_as_before(folder: Path) -> None:
    path = folder / "volume.tif"
    write(path, PIXELS.reshape(3, 2, 8, 10), "TZYX")
    project = project_for(path, "z", {"t": 2})
    frames = open_image(project, path)
    np.testing.assert_array_equal(frames[1], PIXELS[5])


def test_a_layer_may_have_any_name() -> None:
    assert refer_to_image("a\0b").name == "ab"


def test_another_image_is_refused(folder: Path) -> None:
    project = project_for(folder / "cells.tif")
    write(folder / "others.tif", PIXELS[:4])
    with pytest.raises(ProjectError, match="it is another image"):
        open_image(project, folder / "others.tif")


def test_pixels_that_were_known_stay_known_of_an_image_that_is_the_same(folder):
    frames = stack_frames(open_stack(folder / "cells.tif"))
    known = refer_to_image("cells", folder / "cells.tif", frames=frames)
    blind = replace(known, fingerprint=glance(frames, folder / "cells.tif"))
    assert not blind.fingerprint.pixels
    assert with_known_pixels(blind, known) == known
    assert with_known_pixels(blind, replace(known, fingerprint=None)) == blind
    other = replace(known.fingerprint, shape=(6, 8, 11))
    assert with_known_pixels(blind, replace(known, fingerprint=other)) == blind
