"""The temporary folder of a run along several axes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.control.volumes.crossing import Crossing
from napari_sam2.control.volumes.workplace import open_workplace
from napari_sam2.core.errors import StorageError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.recipe import Followed, OtherAxis
from tests.control.conftest import click
from tests.control.fake_tracker import FakeTracker

FRAMES = ArrayFrames(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
BOTH = OtherAxis(1, "y"), OtherAxis(2, "x")


def test_axes_are_cut_from_a_copy_and_all_of_it_goes(crossing_folder: Path) -> None:
    place = open_workplace(FRAMES, BOTH)
    assert [one.name for one in place.axes] == ["", "y", "x"]
    assert place.axes[0].open_frames(()) is FRAMES
    list(place.copy.fill(0, None))
    along_x = place.axes[2].open_frames(())
    assert len(along_x) == 4
    np.testing.assert_array_equal(along_x[1], FRAMES.array[:, :, 1])
    assert place.folder.parent == crossing_folder
    place.close()
    assert not list(crossing_folder.iterdir())


def test_nothing_is_left_where_there_is_no_room(
    crossing_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=23))
    with pytest.raises(StorageError, match="do not fit there"):
        open_workplace(FRAMES, BOTH)
    assert not list(crossing_folder.iterdir())


def test_to_make_a_crossing_does_nothing(crossing_folder: Path) -> None:
    tracker = FakeTracker(TrackerRequest(FRAMES, "fake", "cpu", None))
    tracker.set_prompts(1, 0, click(1, 1))
    log = list(tracker.log)
    place = open_workplace(FRAMES, BOTH)
    before = sorted(crossing_folder.rglob("*"))
    made = Crossing(tracker, Followed((1,), "both", across=BOTH), {(1, 0)}, place)
    assert (made.now.done, made.now.steps) == (0, 2 + 3 + 4 + 1)
    assert tracker.log == log
    assert not tracker.alikes
    assert sorted(crossing_folder.rglob("*")) == before
    made.close()
