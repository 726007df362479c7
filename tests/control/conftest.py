"""A session on a small stack, with a fake tracker and a lane that tests step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.control import Activity, Controller, InlineLane
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, History, Settings, edits
from tests.control.fake_tracker import FakeFactory
from tests.control.manual_lane import ManualLane
from tests.control.sittings import Sitting, seen

SHAPE = (10, 40, 60)
SPILL_FOLDER = "napari_sam2.control.volumes.workplace.spill_folder"


def click(y: float, x: float, positive: bool = True) -> FramePrompts:
    return FramePrompts(points_yx=((y, x),), positive=(positive,))


@dataclass
class Desk:
    """Everything that a user has in hand, as short verbs."""

    lane: InlineLane | ManualLane
    factory: FakeFactory = field(default_factory=FakeFactory)
    settings: Settings = field(default_factory=Settings)
    statuses: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document = Document(frame_count=SHAPE[0], shape_hw=SHAPE[1:])
        self.history = History(self.document)
        self.frames = ArrayFrames(np.zeros(SHAPE, np.uint8))
        self.now = 0.0
        self.controller = Controller(
            self.history,
            self.settings,
            self.frames,
            lane=self.lane,
            make_tracker=self.factory,
            clock=self.clock,
        )
        self.controller.status_changed.connect(self.statuses.append)

    def clock(self) -> float:
        self.now += 0.5
        return self.now

    def add(self, *ids: int) -> None:
        for object_id in ids:
            self.history.do(edits.add_object(self.document, object_id))

    def say(self, object_id: int, frame: int, said: FramePrompts, gesture=None) -> None:
        edit = edits.set_prompts(self.document, object_id, frame, said)
        self.history.do(edit, gesture=gesture)

    def paint(self, object_id: int, frame: int, mask: np.ndarray) -> None:
        self.history.do(edits.paint_mask(self.document, object_id, frame, mask))

    def lock(self, object_id: int, frame: int) -> None:
        edit = edits.set_flags(self.document, [(object_id, frame)], is_locked=True)
        self.history.do(edit)

    def mask(self, object_id: int, frame: int):
        return self.document.masks.get((object_id, frame))

    def center(self, object_id: int, frame: int) -> tuple[float, float] | None:
        found = self.mask(object_id, frame)
        return None if found is None else found.mask.centroid_yx

    @property
    def status(self):
        return self.controller.status


def start_run(desk: Desk, frames: int) -> None:
    """Click object 1 on the first frame and let a run reach so many frames."""
    desk.say(1, 0, click(20, 30))
    desk.lane.finish()
    desk.controller.run()
    desk.lane.step(1 + frames)
    assert desk.status.activity is Activity.RUNNING


def stop_run(desk: Desk, frames: int) -> None:
    """Stop a run that reached so many frames, and let it end."""
    start_run(desk, frames)
    desk.controller.stop()
    desk.lane.finish()


@pytest.fixture
def desk() -> Desk:
    """Return a session in which everything happens at once."""
    return Desk(InlineLane())


@pytest.fixture
def slow_desk() -> Desk:
    """Return a session in which jobs move when ``desk.lane`` is stepped."""
    return Desk(ManualLane())


@pytest.fixture
def ready_desk(slow_desk: Desk) -> Desk:
    """Return such a session with two objects and a tracker that is ready."""
    slow_desk.add(1, 2)
    slow_desk.controller.prepare()
    slow_desk.lane.finish()
    return slow_desk


@pytest.fixture
def crossing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where large temporary files go."""
    monkeypatch.setattr(SPILL_FOLDER, lambda: tmp_path)
    return tmp_path


@pytest.fixture
def boxed_desk(ready_desk: Desk, crossing_folder: Path) -> Desk:
    """Return a session with an object that was prompted with a box on a frame."""
    ready_desk.say(1, 4, FramePrompts(box_yxyx=(10, 20, 17, 31)))
    ready_desk.lane.finish()
    return ready_desk


@pytest.fixture
def whole(miniature) -> dict:
    """Return the masks of a run that nobody stopped."""
    sitting = Sitting(miniature)
    sitting.prompt()
    sitting.controller.run()
    sitting.lane.finish()
    return seen(sitting)
