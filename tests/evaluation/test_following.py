"""A simulated user corrects where masks are worst, offline and online."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.evaluation.asking import Asking, parse_asking
from napari_sam2.evaluation.assignment import Assignment
from napari_sam2.evaluation.evaluate import evaluate_stack
from napari_sam2.evaluation.following import follow
from napari_sam2.evaluation.masks import Masks, true_masks
from napari_sam2.evaluation.protocol import Protocol
from napari_sam2.evaluation.study import Study
from napari_sam2.evaluation.user import User
from tests.evaluation.stacks import truth_of, two_discs

SHAPE = (40, 60)


class Forgetful:
    """A tracker that knows the object, but loses a tenth of it with every frame.

    Anything said about a frame is answered with the true mask there.
    """

    def __init__(self, true: Masks, frames: int) -> None:
        self.true = true
        self.frames = frames
        self.said: dict[int, dict[int, object]] = {}
        self.log: list[tuple[int, int]] = []

    def prompts(self, object_id):
        return self.said[object_id]

    def set_prompts(self, object_id, frame, prompts, *, previous=None):
        self.said.setdefault(object_id, {})[frame] = prompts
        self.log.append((object_id, frame))
        return self._result(object_id, frame, 0)

    def propagate(self, *, direction, frames, token):
        assert direction == "forward"
        for frame in range(min(min(f) for f in self.said.values()), frames.stop):
            if token.is_cancelled:
                return
            found = []
            for object_id, said in self.said.items():
                before = [f for f in said if f <= frame]
                if before:
                    found.append(self._result(object_id, frame, frame - max(before)))
            yield FrameResult(frame, tuple(found))

    def _result(self, object_id, frame, age):
        mask = self.true.mask(object_id, frame).copy()
        rows = np.flatnonzero(mask.any(axis=1))
        mask[rows[: age * len(rows) // 10]] = False
        return mask_result(
            mask, object_id=object_id, frame=frame, predicted_iou=1, object_logit=1
        )


@pytest.fixture
def user():
    labels = np.zeros((10, *SHAPE), np.uint8)
    labels[:, 5:25, 10:30] = 1
    true = true_masks(truth_of(labels), (1,), range(10))
    todo = Assignment(range(10), {1: 0}, {1: tuple(range(1, 10))})

    def make(protocol: Protocol) -> User:
        return User(Forgetful(true, 10), true, todo, protocol)

    return make


def run(user: User) -> list[float]:
    passes = follow(user, Masks(SHAPE), CancelToken(), lambda: None)
    return [one[1] for one in passes]


def test_without_corrections_there_is_one_pass(user) -> None:
    one = user(Protocol())
    assert run(one) == [pytest.approx(np.mean([1 - k / 10 for k in range(1, 10)]))]
    assert one.tracker.log == [(1, 0)]


def test_offline_the_worst_frame_is_corrected_after_each_pass(user) -> None:
    one = user(Protocol(Asking("click"), "offline", most_frames=3))
    first, second, third = run(one)
    # the last frame is the worst; then the one before it
    assert one.tracker.log == [(1, 0), (1, 9), (1, 8)]
    assert first < second < third


def test_offline_ends_when_nothing_is_wrong(user) -> None:
    one = user(Protocol(Asking("click"), "offline", most_frames=99))
    passes = run(one)
    assert len(passes) == 10
    assert passes[-1] == 1


def test_online_a_mask_is_corrected_as_soon_as_it_is_bad(user) -> None:
    one = user(Protocol(Asking("click"), "online"))
    (j,) = run(one)
    # J falls by a tenth a frame, and below three quarters on every third
    assert one.tracker.log == [(1, 0), (1, 3), (1, 6), (1, 9)]
    assert j == pytest.approx((3 * 1 + 3 * 0.9 + 3 * 0.8) / 9)


def test_online_no_more_frames_are_prompted_than_allowed(user) -> None:
    one = user(Protocol(Asking("click"), "online", most_frames=2))
    run(one)
    assert one.tracker.log == [(1, 0), (1, 3)]


def test_clicks_go_on_while_something_is_wrong(user) -> None:
    one = user(Protocol(parse_asking("clicks3")))
    run(one)
    assert one.tracker.log == [(1, 0)]  # the answer was right at once


def test_names_say_what_was_done() -> None:
    assert str(Protocol()) == "box"
    assert str(Protocol(Asking("click", 3), "offline")) == "clicks3 + offline"


@pytest.mark.parametrize("correcting", ["offline", "online"])
def test_a_real_tracker_takes_the_corrections(miniature, correcting) -> None:
    image, labels = two_discs()
    protocol = Protocol(Asking("click", 2), correcting, most_frames=3)
    study = Study((protocol,), baselines=False)
    outcome = evaluate_stack(miniature, truth_of(labels, image), study)
    (score,) = outcome.score.methods
    assert len(score.passes) == (3 if correcting == "offline" else 1)
    assert score.passes[-1] == pytest.approx(score.mean("j"))
