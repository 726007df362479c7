"""Any order of prompting, running, stopping and removing keeps a session whole."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions
from tests.engine.stacks import Generated
from tests.miniature import seeded_model

COUNT, SHAPE = 5, (32, 40)
OBJECTS = st.integers(1, 4)
FRAMES = st.integers(0, COUNT - 1)
DIRECTIONS = st.sampled_from(["both", "forward", "backward"])
MODEL = seeded_model()


class Session(RuleBasedStateMachine):
    """What was said is mirrored in ``prompted``, and runs in progress in ``run``."""

    @initialize(
        history=st.integers(0, 3),
        group=st.none() | st.integers(1, 2),
        cache=st.sampled_from([0, 1 << 20]),
        cap=st.none() | st.integers(0, 2),
        window=st.sampled_from(["off", "auto", "on"]),
    )
    def open(self, history, group, cache, cap, window) -> None:
        options = TrackerOptions(
            history_frames=history, group_size=group, feature_cache_bytes=cache,
            nearest_prompts=cap, window=WindowOptions(mode=window, smallest=0.1),
        )  # fmt: skip
        self.tracker = VideoTracker(
            MODEL, Generated(COUNT, SHAPE), limits=as_limits(0, 2), options=options
        )
        self.prompted: dict[int, set[int]] = {}
        self.run = None
        self.seen: set[tuple[int, int]] = set()

    def prompt(self, prompt) -> None:
        result = self.tracker.add(prompt)
        self.prompted.setdefault(prompt.object_id, set()).add(prompt.frame)
        assert (result.object_id, result.frame) == (prompt.object_id, prompt.frame)
        assert result.is_prompted

    @rule(i=OBJECTS, frame=FRAMES, y=st.integers(0, 31), x=st.integers(0, 39))
    def point(self, i, frame, y, x) -> None:
        self.prompt(PointPrompt(i, frame, (y, x)))

    @rule(i=OBJECTS, frame=FRAMES, y=st.integers(0, 15), x=st.integers(0, 19))
    def box(self, i, frame, y, x) -> None:
        self.prompt(BoxPrompt(i, frame, (y, x, y + 16, x + 20)))

    @rule(i=OBJECTS, frame=FRAMES, rows=st.integers(0, 20))
    def mask(self, i, frame, rows) -> None:
        mask = np.zeros(SHAPE, bool)
        mask[:rows] = True
        self.prompt(MaskPrompt(i, frame, mask))

    @precondition(lambda self: self.prompted)
    @rule(data=st.data())
    def withdraw(self, data) -> None:
        i = data.draw(st.sampled_from(sorted(self.prompted)))
        frame = data.draw(st.sampled_from(sorted(self.prompted[i])))
        assert self.tracker.set_prompts(i, frame, FramePrompts()) is None
        self.prompted[i].discard(frame)
        if not self.prompted[i]:
            del self.prompted[i]

    @precondition(lambda self: self.prompted)
    @rule(data=st.data())
    def remove(self, data) -> None:
        i = data.draw(st.sampled_from(sorted(self.prompted)))
        self.tracker.remove_object(i)
        del self.prompted[i]

    @precondition(lambda self: self.prompted)
    @rule(data=st.data(), direction=DIRECTIONS, ends=st.tuples(FRAMES, FRAMES))
    def start(self, data, direction, ends) -> None:
        self.stop()
        known = st.sampled_from(sorted(self.prompted))
        objects = data.draw(st.none() | st.sets(known, min_size=1).map(sorted))
        frames = range(min(ends), max(ends) + 1)
        self.run = self.tracker.propagate(
            direction=direction, frames=frames, objects=objects
        )
        self.seen = set()

    @precondition(lambda self: self.run is None and self.tracker.is_paused)
    @rule()
    def resume(self) -> None:
        self.run = self.tracker.resume()

    @precondition(lambda self: self.run is not None)
    @rule(count=st.integers(1, 6))
    def advance(self, count) -> None:
        for _ in range(count):
            result = next(self.run, None)
            if result is None:
                self.run = None
                assert not self.tracker.is_paused
                return
            self.check(result)

    @precondition(lambda self: self.run is not None)
    @rule()
    def stop(self) -> None:
        if self.run is not None:
            self.run.close()
            self.run = None

    def check(self, result) -> None:
        assert 0 <= result.frame < COUNT
        assert len(result) > 0
        ids = [one.object_id for one in result]
        assert ids == sorted(set(ids))
        assert set(ids) <= set(self.prompted)
        taken = np.zeros(SHAPE, int)
        for one in result:
            assert one.is_prompted == (result.frame in self.prompted[one.object_id])
            assert 0 <= one.predicted_iou <= 1
            assert np.isfinite(one.object_logit)
            assert one.shape_hw == SHAPE
            taken += one.mask
        assert taken.max() <= 1
        pairs = {(i, result.frame) for i in ids}
        assert not pairs & self.seen
        self.seen |= pairs

    @invariant()
    def says_what_was_said(self) -> None:
        assert self.tracker.object_ids == tuple(sorted(self.prompted))
        for i, frames in self.prompted.items():
            assert self.tracker.prompts(i).keys() == frames

    @invariant()
    def remembers_within_bounds(self) -> None:
        for track in self.tracker._tracks.of(self.tracker.object_ids):
            assert not set(track.bank.recent) & set(track.answers)
            assert set(track.bank.conditioning) <= set(track.answers)

    def teardown(self) -> None:
        self.stop()


Session.TestCase.settings = settings(max_examples=25, stateful_step_count=25)
TestSession = Session.TestCase
