"""What was done by hand is done again without hands, and gives the same masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.control import Controller, InlineLane, Recorder
from napari_sam2.control.telling.replaying import Replayed, needed_steps, replay
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.recipe import Followed, Made, Told
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.samples import load_sample
from napari_sam2.project.values import Contents
from napari_sam2.state import Document, History, Origin, Settings, edits
from tests.control.conftest import click


@pytest.fixture(scope="module")
def stack() -> np.ndarray:
    return np.asarray(open_stack(load_sample("cells3d_nuclei").stack).array)[10:22]


class Sitting:
    """A session on real pixels with the bundled model."""

    def __init__(self, stack: np.ndarray, nano, steps=(), contents=None) -> None:
        self.frames = ArrayFrames(stack)
        self.nano = nano
        shape = stack.shape
        self.document = Document(frame_count=shape[0], shape_hw=shape[1:])
        self.history = History(self.document)
        if contents is not None:
            from napari_sam2.project.session import fill_document

            fill_document(self.document, contents)
        self.controller = Controller(
            self.history,
            Settings(),
            self.frames,
            lane=InlineLane(),
            make_tracker=lambda request, token: iter([self.make()]),
            recorder=Recorder(steps, identify=lambda name: "ab" * 32),
        )

    def make(self, step: Made | None = None) -> VideoTracker:
        return VideoTracker(self.nano, self.frames)

    def say(self, object_id: int, frame: int, said: FramePrompts) -> None:
        self.history.do(edits.set_prompts(self.document, object_id, frame, said))

    @property
    def contents(self) -> Contents:
        document = self.document
        return Contents(
            dict(document.objects),
            dict(document.prompts),
            document.masks.copy(),
            self.controller.recorder.steps,
        )

    def replay(self, contents: Contents | None = None) -> Replayed:
        steps = replay(contents or self.contents, self.make)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value


@pytest.fixture
def sitting(stack, nano) -> Sitting:
    """Return a session after clicks, runs, corrections, painting, undo and a stop."""
    sitting = Sitting(stack, nano)
    document, history = sitting.document, sitting.history
    for object_id in (1, 2, 3):
        history.do(edits.add_object(document, object_id))
    sitting.say(1, 6, FramePrompts(box_yxyx=(70.0, 23.0, 117.0, 71.0)))
    sitting.say(2, 6, click(32, 97))
    sitting.say(2, 6, FramePrompts(((32, 97), (45, 99)), (True, True)))
    square = np.zeros(document.shape_hw, bool)
    square[10:30, 10:30] = True
    history.do(edits.paint_mask(document, 3, 2, square))
    sitting.controller.run()
    sitting.say(2, 9, click(40, 90, positive=False))  # a correction, with memory
    sitting.say(3, 2, click(20, 35))  # adds to the painting
    sitting.controller.run(frames=range(4, 12))
    history.undo()  # the second run
    stop_after(sitting.controller, 3)
    sitting.controller.run(objects=[1, 2], direction="forward")
    assert sitting.controller.status.problem is None
    history.do(edits.set_flags(document, [(1, 8)], is_locked=True))
    sitting.say(1, 3, click(90, 50))
    sitting.controller.run()
    return sitting


def stop_after(controller: Controller, frames: int) -> None:
    """Stop the next run after a few frames, as a user does."""

    def watch(status) -> None:
        if status.progress is not None and status.progress.done == frames:
            controller.status_changed.disconnect(watch)
            controller.stop()

    controller.status_changed.connect(watch)


def test_a_session_with_corrections_is_replayed_to_the_pixel(sitting: Sitting) -> None:
    contents = sitting.contents
    stops = [s for s in contents.steps if isinstance(s, Followed)]
    assert any(step.done == 3 for step in stops)  # the one that was stopped
    replayed = sitting.replay()
    assert (replayed.changed, replayed.changed_pixels) == (0, 0)
    assert replayed.same > 30
    assert replayed.contents == contents


def test_a_session_goes_on_where_another_ended(stack, nano, sitting: Sitting) -> None:
    first = sitting.contents
    second = Sitting(stack, nano, first.steps, first)
    second.say(1, 10, click(95, 50, positive=False))
    second.controller.run(objects=[1])
    assert second.controller.status.problem is None
    assert second.document.masks.get((1, 9)).step >= len(first.steps)
    replayed = second.replay()
    assert replayed.changed == 0
    assert replayed.contents == second.contents


def test_a_replay_says_what_this_machine_multiplied_in(sitting: Sitting) -> None:
    contents = sitting.contents
    first, *rest = contents.steps
    assert isinstance(first, Made)
    assert first.precision == "float32"
    assert first.limits == sitting.make().limits
    elsewhere = (replace(first, precision="bfloat16", limits=None), *rest)
    replayed = sitting.replay(replace(contents, steps=elsewhere))
    assert replayed.contents.steps == contents.steps


def test_a_replay_says_what_differs(sitting: Sitting) -> None:
    contents = sitting.contents
    moved = tuple(
        replace(step, prompts=FramePrompts(box_yxyx=(60.0, 23.0, 107.0, 71.0)))
        if isinstance(step, Told) and step.object_id == 1 and step.frame == 6
        else step
        for step in contents.steps
    )
    replayed = sitting.replay(replace(contents, steps=moved))
    assert replayed.changed > 0
    assert replayed.changed_pixels > 0


def test_paintings_and_unknown_masks_stay(sitting: Sitting) -> None:
    contents = replace(sitting.contents, steps=())
    replayed = sitting.replay(contents)
    assert replayed.contents == contents
    assert (replayed.same, replayed.changed) == (0, 0)
    masks = contents.masks.values()
    painted = sum(mask.origin is Origin.PAINTED for mask in masks)
    assert replayed.unknown == len(masks) - painted


def test_a_replay_that_is_stopped_gives_what_was_made_again(sitting: Sitting) -> None:
    token, contents = CancelToken(), sitting.contents
    steps = replay(contents, sitting.make, token)
    while (now := next(steps)).done < now.total // 2:
        assert now.total > 20
    token.cancel()
    with pytest.raises(StopIteration) as end:
        next(steps)
    replayed = end.value.value
    assert replayed.is_stopped
    kept = replayed.contents.masks
    assert replayed.left_out == len(contents.masks) - len(kept) > 0
    assert 0 < replayed.same < now.total
    assert not replayed.changed
    assert all(
        mask.step is None or mask.step < len(replayed.contents.steps)
        for mask in kept.values()
    )


def test_steps_are_replayed_from_the_last_new_tracker() -> None:
    steps = (Made("a"), Told(1, 0), Made("b"), Told(1, 0), Followed((1,)), Made("c"))
    assert needed_steps(steps, set()) == []
    assert needed_steps(steps, {3, 4}) == [2, 3, 4]
    assert needed_steps(steps, {1, 3}) == [0, 1, 2, 3]
    assert needed_steps((*steps, Told(1, 0), Told(1, 1)), {1, 6}) == [0, 1, 5, 6]


def test_a_tracker_whose_masks_nobody_has_is_not_made_again(stack, nano) -> None:
    sitting = Sitting(stack, nano)
    sitting.history.do(edits.add_object(sitting.document, 1))
    sitting.say(1, 6, click(32, 97))
    sitting.controller.run(frames=range(5, 8))
    sitting.history.do(edits.set_flags(sitting.document, [(1, 5)], is_locked=True))
    for _ in range(2):
        sitting.controller.set_frames(ArrayFrames(stack))
        sitting.controller.run(frames=range(5, 8))
    contents = sitting.contents
    made = [n for n, step in enumerate(contents.steps) if isinstance(step, Made)]
    assert len(made) == 3
    again: list[Made] = []
    make = sitting.make

    def count(step: Made) -> VideoTracker:
        again.append(step)
        return make(step)

    sitting.make = count
    replayed = sitting.replay()
    assert (replayed.changed, len(again)) == (0, 2)
    steps = replayed.contents.steps
    assert steps == contents.steps[: len(steps)]
    assert replayed.contents.masks == contents.masks


def test_models_are_known_by_their_checksum(sitting: Sitting) -> None:
    (made,) = [step for step in sitting.contents.steps if isinstance(step, Made)]
    assert made.sha256 == "ab" * 32
