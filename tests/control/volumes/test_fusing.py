"""Objects followed along several axes from the same prompts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.control.positions.following import PositionWork, follow_everywhere
from napari_sam2.control.positions.sections import cross_sections
from napari_sam2.control.volumes.fusing import AcrossAxes, Orientation
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import NOWHERE
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.io.files.position_files import PositionFiles
from tests.control.fake_tracker import FakeTracker

SHAPE = (12, 20, 24)
DIMS = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}
BOX = FramePrompts(box_yxyx=(6, 8, 12, 15))


@dataclass
class Bench:
    """A volume, and trackers that draw what they are told on every frame."""

    folder: object
    made: list[FakeTracker] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        self.store = PositionFiles(self.folder, NOWHERE, SHAPE[1:])
        volume = np.zeros(SHAPE, np.uint8)
        self.orientations = tuple(
            Orientation(
                name, dims, self.opener(volume.transpose(dims)), self.kept(name, dims)
            )
            for name, dims in DIMS.items()
        )

    def kept(self, name, dims):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return PositionFiles(folder, NOWHERE, tuple(SHAPE[one] for one in dims[1:]))

    @staticmethod
    def opener(volume):
        return lambda position: ArrayFrames(volume)

    def make_tracker(self, frames):
        tracker = FakeTracker(TrackerRequest(frames, "fake", "cpu", None))
        for name, frame in self.broken.items():
            if len(frames) == SHAPE[DIMS[name][0]]:
                tracker.fail_at = {frame: FrameError(f"Frame {frame} is broken.")}
        self.made.append(tracker)
        return tracker

    def run(self, prompts, token=None):
        work = PositionWork(
            positions=NOWHERE, prompts={(): prompts}, make_tracker=self.make_tracker,
            open_frames=self.orientations[0].open_frames,
            segment=AcrossAxes(self.orientations, self.make_tracker),
        )  # fmt: skip
        return follow_everywhere(work, self.store, token)

    def found(self):
        labels = np.zeros(SHAPE, int)
        for result in self.store.results(()):
            labels[result.frame] = result.labels(SHAPE[1:])
        return labels


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_prompts_on_the_first_axis_are_followed_along_all(bench):
    steps = list(bench.run({(7, 5): BOX}))
    labels = [step.progress.label for step in steps if step.progress is not None]
    assert list(dict.fromkeys(labels)) == ["along z", "along y", "along x"]
    assert [len(one.request.frames) for one in bench.made] == [12, 20, 24]
    # along z the box is on every slice; along y and x so is the box of its section
    expected = np.zeros(SHAPE, int)
    expected[:, 6:13, 8:16] = 7
    np.testing.assert_array_equal(bench.found(), expected)


def test_a_section_goes_through_the_middle_of_what_is_prompted():
    mask = np.zeros((20, 24), bool)
    mask[6:13, 8:16] = True

    def read():
        for z in (4, 5):
            yield FrameResult(z, (mask_result(
                mask, object_id=7, frame=z, predicted_iou=0.9, object_logit=5.0
            ),))  # fmt: skip

    told = {(7, 5): BOX, (8, 5): BOX}  # nothing is seen of the other one
    for dims, place, box_yxyx in (
        (DIMS["y"], (7, 9), (3.5, 7.5, 5.5, 15.5)),
        (DIMS["x"], (7, 12), (3.5, 5.5, 5.5, 12.5)),
        ((2, 1, 0), (7, 12), (5.5, 3.5, 12.5, 5.5)),
    ):
        made = cross_sections(read, SHAPE, told, dims)
        assert made == {place: FramePrompts(box_yxyx=box_yxyx)}


def test_a_painted_mask_stays_as_it_is(bench):
    painted = np.zeros(SHAPE[1:], bool)
    painted[3, 3] = painted[9, 9] = True
    list(bench.run({(7, 5): FramePrompts(mask=painted)}))
    np.testing.assert_array_equal(bench.found()[5] == 7, painted)


@pytest.mark.parametrize("stop", [3, 15, 40])
def test_stopping_and_going_on_gives_what_one_run_gives(tmp_path, stop):
    prompts = {(7, 5): BOX, (8, 2): FramePrompts(box_yxyx=(1, 1, 4, 4))}
    (tmp_path / "whole").mkdir(), (tmp_path / "parts").mkdir()
    whole, parts = Bench(tmp_path / "whole"), Bench(tmp_path / "parts")
    list(whole.run(prompts))
    token = CancelToken()
    for number, _ in enumerate(parts.run(prompts, token)):
        if number == stop:
            token.cancel()
    assert not parts.store.finished(())
    list(parts.run(prompts))
    np.testing.assert_array_equal(parts.found(), whole.found())
    assert len(parts.made) == 4  # the axis that was stopped is done again, no other


def test_a_frame_that_cannot_be_read_leaves_what_the_axes_found(bench):
    bench.broken = {"y": 15}
    list(bench.run({(7, 5): BOX}))
    assert bench.store.problem(()) == "Frame 15 is broken."
    assert (bench.found()[:, 9, 12] == 7).all()


def test_progress_counts_the_frames_of_each_axis(bench):
    counted = [s.progress for s in bench.run({(7, 5): BOX}) if s.progress]
    assert counted[0] == Progress(1, 12, "along z")
    assert counted[-1] == Progress(24, 24, "along x")


@pytest.mark.parametrize("count", [0, 1, 30, 70, 120])
def test_stop_acts_while_the_axes_are_read_to_be_fused(bench, monkeypatch, count):
    token, read = CancelToken(), []
    results = PositionFiles.results

    def watched(store, position):
        for one in results(store, position):
            yield one
            if bench.orientations[-1].store.finished(()):  # from now on they are fused
                read.append(one)
                if len(read) > count:
                    token.cancel()

    monkeypatch.setattr(PositionFiles, "results", watched)
    list(bench.run({(7, 5): BOX}, token))
    assert len(read) == count + 1
    assert not bench.store.finished(())
    monkeypatch.undo()
    list(bench.run({(7, 5): BOX}))
    assert (bench.found()[:, 6:13, 8:16] == 7).all()
    assert len(bench.made) == 3, "no axis is followed again"


def test_stop_acts_while_cross_sections_are_cut(bench, monkeypatch):
    token, read = CancelToken(), []
    results = PositionFiles.results

    def watched(store, position):
        for one in results(store, position):
            read.append(one)
            token.cancel()
            yield one

    monkeypatch.setattr(PositionFiles, "results", watched)
    list(bench.run({(7, 5): BOX}, token))
    assert len(read) == 1
    assert len(bench.made) == 1
