"""Objects at every position: seeds, stops, and going on after a stop."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.control.positions.following import (
    AlongFrames,
    PositionWork,
    follow_everywhere,
)
from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import choose_positions
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.io.files.position_files import PositionFiles
from tests.control.fake_tracker import FakeTracker

SHAPE = (5, 3, 24, 32)
CLICK = FramePrompts(points_yx=((10, 10),), positive=(True,))
OTHER = FramePrompts(points_yx=((12, 22),), positive=(True,))


@dataclass
class Bench:
    """A (T, Z, Y, X) stack, and trackers that draw what they are told."""

    folder: object
    stack: np.ndarray = field(default_factory=lambda: np.zeros(SHAPE, np.uint8))
    made: list[FakeTracker] = field(default_factory=list)
    gone_after: int | None = None
    broken: int | None = None

    def __post_init__(self):
        axes = axes_from_shape(self.stack.shape, "tzyx")
        self.positions = choose_positions(axes, [("t", None)])
        self.store = PositionFiles(self.folder, self.positions, self.stack.shape[2:])

    def open_frames(self, position):
        return ArrayFrames(self.stack[position])

    def make_tracker(self, frames):
        tracker = FakeTracker(TrackerRequest(frames, "fake", "cpu", None))
        if len(frames) > 2 and self.broken is not None:
            tracker.fail_at = {self.broken: FrameError("Frame 2 is broken.")}
        pairs = sum(map(self.is_pair, self.made))
        if (
            len(frames) == 2
            and self.gone_after is not None
            and pairs >= self.gone_after
        ):
            tracker._tracked = self.gone
        self.made.append(tracker)
        return tracker

    @staticmethod
    def is_pair(tracker):
        return len(tracker.request.frames) == 2

    @staticmethod
    def gone(object_id, frame):
        result = FakeTracker._result(_Shape(SHAPE[2:]), object_id, frame, CLICK, False)
        return replace(result, object_logit=-5.0)

    def work(self, prompts, seed="follow"):
        segment = AlongFrames(self.open_frames, self.make_tracker)
        return PositionWork(
            positions=self.positions, prompts=prompts, open_frames=self.open_frames,
            make_tracker=self.make_tracker, segment=segment, seed=seed,
        )  # fmt: skip

    def run(self, prompts, seed="follow", token=None):
        return list(follow_everywhere(self.work(prompts, seed), self.store, token))

    def found(self):
        """Return label stacks by position."""
        return {
            position: {
                r.frame: r.labels(SHAPE[2:]) for r in self.store.results(position)
            }
            for position in self.positions
        }


@dataclass
class _Shape:
    shape_hw: tuple[int, int]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.mark.parametrize("seed", ["follow", "masks", "boxes"])
def test_an_object_comes_to_every_position(bench, seed):
    steps = bench.run({(1,): {(7, 1): CLICK}}, seed)
    assert [s.position for s in steps if s.result is None] == [
        (1,), (2,), (3,), (4,), (0,),
    ]  # fmt: skip
    for frames in bench.found().values():
        assert sorted(frames) == [0, 1, 2]
        assert all(labels[10, 10] == 7 for labels in frames.values())


def test_seeds_are_nobodys_prompts(bench):
    bench.run({(1,): {(7, 1): CLICK}})
    prompted = {
        position: [r[7].is_prompted for r in bench.store.results(position)]
        for position in bench.positions
    }
    assert prompted.pop((1,)) == [False, True, False]
    assert not any(any(flags) for flags in prompted.values())


def test_without_seeds_objects_stay_where_they_are_prompted(bench):
    bench.run({(1,): {(7, 1): CLICK}, (3,): {(8, 0): OTHER}}, "none")
    assert [p for p, frames in bench.found().items() if frames] == [(1,), (3,)]


def test_an_object_that_has_gone_is_not_carried_on(bench):
    bench.gone_after = 2
    bench.run({(0,): {(7, 1): CLICK}})
    assert [p for p, frames in bench.found().items() if frames] == [(0,), (1,), (2,)]
    assert all(bench.store.finished(position) == {7} for position in bench.positions)


def test_a_position_that_breaks_off_keeps_what_it_has_and_the_others_go_on(bench):
    bench.broken = 2
    bench.run({(0,): {(7, 1): CLICK}})
    assert bench.store.problem((0,)) == "Frame 2 is broken."
    assert {p: sorted(frames) for p, frames in bench.found().items()} == {
        position: [1] for position in bench.positions
    }


def test_a_damaged_file_is_done_again(bench):
    prompts = {(0,): {(7, 1): CLICK}}
    bench.run(prompts)
    before = bench.found()
    damaged = next(iter(sorted(bench.folder.iterdir())))
    damaged.write_bytes(damaged.read_bytes()[:-30])
    assert bench.store.finished((0,)) == frozenset()
    bench.run(prompts)
    assert_same(bench.found(), before)


def test_finished_positions_are_read_by_other_programs(bench):
    bench.run({(0,): {(7, 1): CLICK}})
    with zipfile.ZipFile(bench.folder / "000003.zip") as file:
        assert file.testzip() is None
        assert sorted(file.namelist()) == ["0", "1", "2", "position.json"]


def assert_same(one, other):
    assert one.keys() == other.keys()
    for position, frames in one.items():
        assert frames.keys() == other[position].keys()
        for frame, labels in frames.items():
            np.testing.assert_array_equal(labels, other[position][frame])


@settings(max_examples=25)
@given(
    stops=st.lists(st.integers(0, 25), max_size=4),
    places=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.booleans()),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_stopping_and_going_on_gives_what_one_run_gives(
    tmp_path_factory, stops, places
):
    prompts = {}
    for number, (t, z, is_other) in enumerate(places, 1):
        said = OTHER if is_other else CLICK
        prompts.setdefault((t,), {})[number, z] = said
    whole = Bench(tmp_path_factory.mktemp("whole"))
    whole.run(prompts)
    parts = Bench(tmp_path_factory.mktemp("parts"))
    for stop in stops:
        token = CancelToken()
        steps = follow_everywhere(parts.work(prompts), parts.store, token)
        for number, _ in enumerate(steps):
            if number == stop:
                token.cancel()
    parts.run(prompts)
    assert_same(parts.found(), whole.found())


def test_what_is_finished_is_not_computed_again(bench):
    prompts = {(0,): {(7, 1): CLICK}}
    bench.run(prompts)
    made = len(bench.made)
    assert bench.run(prompts) == []
    assert len(bench.made) == made
