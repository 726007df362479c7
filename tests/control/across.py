"""Runs along several axes, as short verbs; and a session with a model of noise."""

from __future__ import annotations

import numpy as np

from napari_sam2.control import Controller, InlineLane
from napari_sam2.control.telling.replaying import Replayed, replay
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.recipe import Followed, OtherAxis
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.project.values import Contents
from napari_sam2.state import Document, History, Settings, edits
from tests.control.conftest import Desk
from tests.miniature import seeded_model

BOTH = OtherAxis(1, "y"), OtherAxis(2, "x")


def run(desk: Desk, **options) -> None:
    desk.controller.run(across=BOTH, **options)


def go_to(desk: Desk, label: str) -> None:
    """Let a run go on until it says so."""
    while label not in (desk.status.progress.label if desk.status.progress else ""):
        desk.lane.step()


def stop_at(desk: Desk, label: str) -> None:
    go_to(desk, label)
    desk.controller.stop()
    desk.lane.finish()


def followed(desk: Desk) -> list[Followed]:
    return [s for s in desk.controller.recorder.steps if isinstance(s, Followed)]


def lengths(desk: Desk) -> list[int]:
    """Return how many frames the stacks have that were followed, in order."""
    return [len(one.frames) for one in desk.factory.tracker.alikes]


class Sitting:
    """A session on noise with a model of noise, whose every pixel matters."""

    def __init__(self, *, is_colour: bool = False) -> None:
        shape = (6, 20, 24, 3) if is_colour else (6, 20, 24)
        pixels = np.random.default_rng(3).integers(0, 255, shape, np.uint8)
        self.frames = ArrayFrames(pixels)
        self.model = seeded_model()
        self.document = Document(frame_count=6, shape_hw=(20, 24))
        self.history = History(self.document)
        self.controller = Controller(
            self.history, Settings(), self.frames, lane=InlineLane(),
            make_tracker=lambda request, token: iter([self.make()]),
        )  # fmt: skip
        for object_id, frame in ((1, 2), (2, 4)):
            self.history.do(edits.add_object(self.document, object_id))
            box = FramePrompts(box_yxyx=(4.0, 5.0, 12.0, 9.0 + 3 * object_id))
            self.say(object_id, frame, box)

    def make(self, _: object = None) -> VideoTracker:
        return VideoTracker(self.model, self.frames)

    def say(self, object_id: int, frame: int, said: FramePrompts) -> None:
        self.history.do(edits.set_prompts(self.document, object_id, frame, said))

    def stop_after(self, steps: int) -> None:
        """Stop the next run after some steps of any kind, as a user does."""

        recorder = self.controller.recorder
        count = recorder.count_frame

        def watch(number: int) -> None:
            count(number)
            if recorder.steps[number].done == steps:
                recorder.count_frame = count
                self.controller.stop()

        recorder.count_frame = watch

    @property
    def contents(self) -> Contents:
        document = self.document
        return Contents(
            dict(document.objects), dict(document.prompts), document.masks.copy(),
            self.controller.recorder.steps,
        )  # fmt: skip

    def replay(self) -> Replayed:
        steps = replay(self.contents, self.make)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value
