"""What an object's masks at one position say about it at the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.control.positions.seeding import PairedFrames, choose_cuts, seed_across
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.results import FrameResult, mask_result
from tests.control.fake_tracker import FakeTracker, disc

SHAPE = (40, 50)
HERE, MOVED, ELSEWHERE = (12, 15), (13, 17), (30, 40)


def seen(object_id, frame, centre=HERE, iou=0.8, logit=4.0, mask=None):
    mask = disc(SHAPE, centre) if mask is None else mask
    return mask_result(
        mask, object_id=object_id, frame=frame, predicted_iou=iou, object_logit=logit
    )


def stack(*objects):
    frames = {one.frame for one in objects}
    return [
        FrameResult(f, tuple(one for one in objects if one.frame == f)) for f in frames
    ]


def cut(*objects, preferred=()):
    wanted = {one.object_id: preferred for one in objects}
    return choose_cuts(stack(*objects), wanted)


def test_the_largest_sure_mask_says_most():
    small = np.zeros(SHAPE, bool)
    small[3:5, 3:5] = True
    cuts = cut(seen(1, 0, mask=small), seen(1, 1), seen(1, 2, iou=0.5))
    assert cuts[1].frame == 1


def test_the_prompted_frame_is_kept_while_it_is_worth_it():
    small = np.zeros(SHAPE, bool)
    small[3:5, 3:5] = True
    assert cut(seen(1, 0, iou=0.5), seen(1, 1), preferred=(0,))[1].frame == 0
    assert cut(seen(1, 0, mask=small), seen(1, 1), preferred=(0,))[1].frame == 1


@pytest.mark.parametrize(
    "change", [{"iou": 0.1}, {"logit": -2.0}, {"mask": np.zeros(SHAPE, bool)}]
)
def test_what_is_not_surely_there_has_no_cut(change):
    assert cut(seen(1, 0, **change)) == {}


def test_objects_that_nobody_asks_for_have_none():
    assert choose_cuts(stack(seen(1, 0), seen(2, 0)), {2: ()}).keys() == {2}


class Wandering(FakeTracker):
    """Finds on the other frame what ``leads`` says of where an object is."""

    leads: dict[tuple[int, int], tuple[int, int]]

    def _tracked(self, object_id, frame):
        result = super()._tracked(object_id, frame)
        if frame in self.said[object_id] or result.centroid_yx is None:
            return result
        y, x = (round(c) for c in result.centroid_yx)
        goal = self.leads.get((y, x))
        if goal is None:
            return replace(result, object_logit=-3.0)
        moved = disc(SHAPE, goal)
        return replace(seen(object_id, frame, mask=moved), is_prompted=False)


def across(leads, mode="follow", *objects):
    made = []

    def make_tracker(frames):
        tracker = Wandering(TrackerRequest(frames, "fake", "cpu", None))
        tracker.leads = leads
        made.append(tracker)
        return tracker

    cuts = {one.object_id: one for one in objects or (seen(7, 2),)}
    plain = ArrayFrames(np.zeros((4, *SHAPE), np.uint8))
    return seed_across(cuts, plain, plain, make_tracker, mode), made


@pytest.mark.parametrize(
    ("mode", "mask", "box"),
    [
        ("follow", disc(SHAPE, MOVED), None),
        ("masks", disc(SHAPE, HERE), None),
        ("boxes", None, (6.5, 9.5, 17.5, 20.5)),
    ],
)
def test_an_object_that_moved_is_found(mode, mask, box):
    seeds, _ = across({HERE: MOVED, MOVED: HERE}, mode)
    assert seeds[7].frame == 2
    assert seeds[7].prompts.box_yxyx == box
    if mask is not None:
        np.testing.assert_array_equal(seeds[7].prompts.mask, mask)
    assert (seeds[7].predicted_iou, seeds[7].object_logit) == (0.8, 4.0)


@pytest.mark.parametrize("mode", ["follow", "masks", "boxes"])
@pytest.mark.parametrize(
    "leads",
    [
        {},  # it is not seen any more
        {HERE: ELSEWHERE, ELSEWHERE: ELSEWHERE},  # its neighbour is, instead of it
        {HERE: ELSEWHERE},  # what is seen was not there before
    ],
)
def test_an_object_that_has_gone_is_not_carried_on(mode, leads):
    assert across(leads, mode)[0] == {}


def test_objects_on_one_frame_are_followed_together():
    objects = seen(3, 2), seen(5, 2, ELSEWHERE), seen(9, 0)
    leads = {HERE: MOVED, MOVED: HERE, ELSEWHERE: ELSEWHERE}
    seeds, made = across(leads, "follow", *objects)
    assert {i: one.frame for i, one in seeds.items()} == {3: 2, 5: 2, 9: 0}
    assert len(made) == 2


def test_a_pair_of_frames_is_read_from_both_stacks():
    before, after = (ArrayFrames(np.full((3, 4, 5), i, np.uint8)) for i in (1, 2))
    pair = PairedFrames(before, after, 2)
    assert [int(pair[i][0, 0]) for i in range(len(pair))] == [1, 2]
    with pytest.raises(FrameError):
        pair[2]
