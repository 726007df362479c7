"""Sessions on a small stack with a real tracker, one after the other on one project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from napari_sam2.control import Controller, Recorder
from napari_sam2.control.telling.replaying import Replayed, replay
from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.source import ArrayFrames, FrameSource
from napari_sam2.core.positions import choose_positions
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.position_trackers import PositionTrackers
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.project import (
    fill_document,
    project_header,
    project_of,
    read_project,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.project.values import Contents, Project, StackGeometry
from napari_sam2.state import Document, History, Settings, edits
from tests.control.manual_lane import ManualLane

FRAMES, SHAPE_HW = 12, (40, 48)


def pixels(seed: int = 0) -> np.ndarray:
    """Return a disc that moves over noise."""
    y, x = np.ogrid[: SHAPE_HW[0], : SHAPE_HW[1]]
    discs = [np.hypot(y - 15, x - 12 - t) < 8 for t in range(FRAMES)]
    noise = np.random.default_rng(seed).random((FRAMES, *SHAPE_HW))
    return (np.stack(discs) + noise).astype(np.float32)


class Breakable(ArrayFrames):
    """Frames of which some cannot be read."""

    broken: frozenset[int] | set[int] = frozenset()

    def __getitem__(self, frame: int) -> np.ndarray:
        if frame in self.broken:
            raise FrameError(f"Frame {frame} could not be read: bad sector.")
        return super().__getitem__(frame)


class Sitting:
    """Somebody at work, with a tracker of miniature weights on a lane that is stepped.

    ``contents`` is what a project kept, ``options`` are those of the tracker.
    """

    def __init__(
        self,
        model,
        contents: Contents | None = None,
        *,
        stack: np.ndarray | None = None,
        settings: Settings | None = None,
        limits=None,
        is_ready: bool = True,
        **options,
    ) -> None:
        self.model, self.options = model, TrackerOptions(**options)
        self.stack = pixels() if stack is None else stack
        self.frames = self.make_frames()
        self.document = Document(
            frame_count=len(self.frames), shape_hw=SHAPE_HW, series_length=FRAMES
        )
        self.history = History(self.document)
        contents = contents or Contents()
        fill_document(self.document, contents)
        self.lane = ManualLane()
        self.settings = settings or Settings()
        self.controller = Controller(
            self.history,
            self.settings,
            self.frames,
            lane=self.lane,
            make_tracker=self.make_tracker,
            limits=limits,
            recorder=Recorder(
                contents.steps, identify=lambda name: "ab" * 32, left=contents.left
            ),
        )
        self.controller.prepare()
        if is_ready:
            self.lane.finish()

    def make_frames(self) -> FrameSource:
        return Breakable(self.stack)

    def make_tracker(self, request, token) -> Iterator[VideoTracker]:
        yield VideoTracker(
            self.model, request.frames, limits=request.limits, options=self.options
        )

    def say(self, object_id: int, frame: int, *points_yx, positive=()) -> None:
        """Click one point after the other, each of which is answered."""
        for count in range(1, len(points_yx) + 1):
            said = FramePrompts(
                points_yx=points_yx[:count],
                positive=(positive or (True,) * len(points_yx))[:count],
            )
            edit = edits.set_prompts(self.document, object_id, frame, said)
            self.history.do(edit)
            self.lane.finish()

    def prompt(self) -> None:
        """Say what this stack is prompted with in most tests."""
        for object_id in (1, 2):
            self.history.do(edits.add_object(self.document, object_id))
        self.say(1, 4, (15.0, 16.0), (12.0, 19.0), (30.0, 40.0), positive=(1, 1, 0))
        self.say(2, 2, (20.0, 22.0))

    def paint(self, object_id: int, frame: int) -> None:
        mask = np.zeros(SHAPE_HW, bool)
        mask[10:20, 8 + frame : 20 + frame] = True
        self.history.do(edits.paint_mask(self.document, object_id, frame, mask))
        self.lane.finish()

    def run_until(self, steps: int) -> None:
        """Start a run, and let it come so far."""
        self.controller.run()
        self.lane.step(1 + steps)

    def stop(self) -> None:
        self.controller.stop()
        self.lane.finish()

    def go_on(self) -> None:
        self.controller.resume()
        self.lane.finish()

    def replay(self) -> Replayed:
        """Do everything again that led to the masks."""
        steps = replay(
            self.project.contents,
            lambda made: VideoTracker(
                self.model, self.frames, limits=made.limits, options=self.options
            ),
        )
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    @property
    def geometry(self) -> StackGeometry:
        axes = tuple(map(Axis, "tyx", self.stack.shape))
        return stack_geometry(axes, FrameLayout(0, (1, 2), None))

    @property
    def project(self) -> Project:
        """Return what would be saved now."""
        image = refer_to_image("cells", frames=self.frames)
        header = project_header(self.settings, image=image, stack=self.geometry)
        recorder = self.controller.recorder
        return project_of(self.document, header, recorder.steps, recorder.left)

    def save(self, path: Path) -> Contents:
        """Save a project, and return what is read from it."""
        write_project(path, self.project)
        return read_project(path).contents


class SittingAtTimes(Sitting):
    """The same with a volume at every time, (T, Z, Y, X)."""

    def make_frames(self) -> FrameSource:
        axes = tuple(map(Axis, "tzyx", self.stack.shape))
        positions = choose_positions(axes, [("t", None)])
        return AllFrames(positions, lambda position: ArrayFrames(self.stack[position]))

    def make_tracker(self, request, token) -> Iterator[PositionTrackers]:
        yield set_up_tracker(
            self.model, request.frames, limits=request.limits, options=self.options
        )

    @property
    def geometry(self) -> StackGeometry:
        axes = tuple(map(Axis, "tzyx", self.stack.shape))
        return stack_geometry(axes, FrameLayout(1, (2, 3), None, positions=(0,)))


def seen(sitting: Sitting) -> dict:
    """Return the pixels of all masks, and how sure of them the model was."""
    return {
        place: (one.mask, one.predicted_iou, one.object_logit)
        for place, one in sitting.document.masks.items()
    }
