"""Masks that deserve a look are found, with a reason that a user understands."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Reviewer, ReviewThresholds, edits
from napari_sam2.state.review import doubts_on, next_doubtful, onward
from tests.state.all_doubts import all_doubts
from tests.state.conftest import click, found, square, track

OFF = ReviewThresholds(
    predicted_iou=None,
    object_logit=None,
    area_ratio=None,
    centroid_jump=None,
    image_share=None,
    overlap=None,
    touching=None,
)
LIMITS = ReviewThresholds()


def reasons(document: Document, object_id: int, frame: int, limits=LIMITS):
    doubts = doubts_on(document, frame, limits)
    return doubts[object_id].reasons if object_id in doubts else ()


def test_a_steady_sure_object_is_not_doubted(document: Document) -> None:
    track(document, *(found(1, frame, square(2, 2 + frame)) for frame in range(6)))
    assert all_doubts(document, LIMITS) == {}


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (
            found(1, 1, square(2, 2), iou=0.3),
            "The model expects an overlap of only 30% with the truth.",
        ),
        (
            found(1, 1, square(2, 2), logit=0.5),
            "The model is not sure whether the object is in this frame.",
        ),
        (found(1, 1, square(2, 2, 6)), "The mask grows from 16 to 36 pixels."),
        (found(1, 1, square(3, 3, 2)), "The mask shrinks from 16 to 4 pixels."),
        (
            found(1, 1, square(2, 17)),
            "The mask jumps by 15 pixels, 3.3 times its diameter.",
        ),
        (found(1, 1, square(0, 0, 0)), "The object disappears in this frame."),
        (found(1, 1, np.ones((20, 30), bool)), "The mask fills 100% of the image."),
    ],
)
def test_each_reason_is_given_in_words(document: Document, result, reason) -> None:
    track(document, found(1, 0, square(2, 2)), result)
    assert reason in reasons(document, 1, 1)
    assert reasons(document, 1, 0) == ()
    assert reasons(document, 1, 1, OFF) == ()


def test_an_object_that_appears_is_noted(document: Document) -> None:
    track(document, found(1, 0, square(0, 0, 0)), found(1, 1, square(2, 2)))
    assert reasons(document, 1, 1) == ("The object appears in this frame.",)


def test_staying_absent_is_not_doubtful(document: Document) -> None:
    track(document, *(found(1, f, square(0, 0, 0), iou=0.1, logit=-9) for f in (0, 1)))
    assert all_doubts(document, LIMITS) == {}


def test_objects_that_overlap_are_both_doubted(document: Document) -> None:
    track(document, found(1, 0, square(2, 2)), found(2, 0, square(2, 4)))
    assert "50% of the mask lies in Object 2." in reasons(document, 1, 0)
    assert "50% of the mask lies in cell." in reasons(document, 2, 0)


@pytest.mark.parametrize(("gap", "touches"), [(0, True), (1, False), (5, False)])
def test_objects_touch_when_no_pixel_lies_between(document, gap, touches) -> None:
    track(document, found(1, 0, square(2, 2)), found(2, 0, square(2, 6 + gap)))
    limits = ReviewThresholds(touching=0.2)
    expected = ("33% of the outline touches Object 2.",) if touches else ()
    assert reasons(document, 1, 0, limits) == expected


def test_objects_at_the_rim_touch_as_well(document: Document) -> None:
    track(document, found(1, 0, square(0, 0)), found(2, 0, square(4, 0, 8)))
    assert reasons(document, 1, 0) == ("33% of the outline touches Object 2.",)


def test_the_users_own_masks_are_not_doubted(document: Document) -> None:
    document.apply(edits.paint_mask(document, 1, 0, np.ones((20, 30), bool)))
    track(document, found(2, 1, square(1, 1), iou=0.1))
    document.apply(edits.set_flags(document, [(2, 1)], is_locked=True))
    assert all_doubts(document, LIMITS) == {}


def test_the_worst_comes_first_until_it_is_accepted(document: Document) -> None:
    track(
        document,
        found(1, 0, square(2, 2), iou=0.35),
        found(1, 2, square(2, 2), iou=0.1),
        found(2, 4, square(9, 9), iou=0.3),
    )
    seen = []
    while worst := next_doubtful(document, all_doubts(document, LIMITS).values()):
        place = worst.object_id, worst.frame
        seen.append(place)
        document.apply(edits.set_flags(document, [place], is_reviewed=True))
    assert seen == [(1, 2), (2, 4), (1, 0)]


def test_one_can_go_on_without_judging_and_around(document: Document) -> None:
    track(
        document,
        found(1, 0, square(2, 2), iou=0.35),
        found(1, 2, square(2, 2), iou=0.1),
        found(2, 4, square(9, 9), iou=0.3),
    )
    reviewer = Reviewer(document, LIMITS)
    reviewer.refresh()
    seen, last = [], None
    for _ in range(4):
        last = reviewer.next_doubtful(after=last)
        seen.append((last.object_id, last.frame))
    assert seen == [(1, 2), (2, 4), (1, 0), (1, 2)]
    document.apply(edits.set_flags(document, [(1, 2)], is_reviewed=True))
    assert reviewer.next_doubtful(after=last).frame == 4, "on from one that is accepted"


def test_several_reasons_are_worse_than_one(document: Document) -> None:
    track(document, found(1, 0, square(2, 2), iou=0.3, logit=0.5))
    track(document, found(2, 1, square(2, 2), iou=0.3))
    doubts = all_doubts(document, LIMITS)
    assert doubts[1, 0].severity > doubts[2, 1].severity
    assert len(doubts[1, 0].reasons) == 2


def test_one_can_look_at_some_objects_only(document: Document) -> None:
    track(document, found(1, 0, square(2, 2), iou=0.1))
    track(document, found(2, 1, square(2, 2), iou=0.3))
    reviewer = Reviewer(document, LIMITS)
    reviewer.refresh()
    assert reviewer.next_doubtful().object_id == 1
    assert reviewer.next_doubtful([2]).object_id == 2
    assert reviewer.next_doubtful([]) is None


def test_a_reviewer_looks_only_at_what_changed(document: Document) -> None:
    reviewer = Reviewer(document, LIMITS)
    assert reviewer.refresh() == set(range(6))
    assert reviewer.refresh() == frozenset()
    track(document, found(1, 2, square(2, 2), iou=0.1))
    assert reviewer.on_frame(2) == {}
    assert reviewer.refresh(1) == {2}
    assert set(reviewer.on_frame(2)) == {1}
    assert reviewer.refresh() == {3}, "the next frame is compared with this one"
    document.apply(edits.remove_object(document, 1))
    assert reviewer.next_doubtful() is None


def test_a_reviewer_agrees_with_a_fresh_look(document: Document) -> None:
    rng = np.random.default_rng(1)
    reviewer = Reviewer(document, LIMITS)
    for _ in range(60):
        object_id, frame = int(rng.integers(1, 3)), int(rng.integers(6))
        mask = square(*rng.integers(0, 8, 2).tolist(), side=int(rng.integers(0, 9)))
        track(document, found(object_id, frame, mask, iou=float(rng.random())))
        if rng.random() < 0.2:
            place = int(rng.integers(1, 3)), int(rng.integers(6))
            document.apply(edits.set_flags(document, [place], is_reviewed=True))
        if rng.random() < 0.2:
            place = int(rng.integers(1, 3)), int(rng.integers(6))
            said = click(5, 5) if rng.random() < 0.6 else FramePrompts()
            document.apply(edits.set_prompts(document, *place, said))
        if rng.random() < 0.3:
            name = f"name {rng.integers(100)}"
            document.apply(edits.rename_object(document, object_id, name))
        reviewer.refresh()
    assert reviewer.is_up_to_date
    expected = all_doubts(document, LIMITS)
    assert {(d.object_id, d.frame): d for d in reviewer.doubts()} == expected


def test_other_limits_are_another_look(document: Document) -> None:
    track(document, found(1, 2, square(2, 2), iou=0.7))
    reviewer = Reviewer(document, LIMITS)
    assert reviewer.next_doubtful() is None
    reviewer.limits = ReviewThresholds(predicted_iou=0.8)
    reviewer.refresh()
    assert reviewer.next_doubtful().frame == 2


def test_what_follows_a_doubtful_frame_is_doubted_until_one_is_accepted(
    document: Document,
) -> None:
    jumps = square(2, 2), square(2, 2), square(12, 20)
    track(document, *(found(1, f, m) for f, m in enumerate(jumps)))
    track(document, *(found(1, f, square(12, 20)) for f in (3, 4, 5)))
    doubts = all_doubts(document, LIMITS)
    assert sorted(frame for _, frame in doubts) == [2, 3, 4, 5]
    assert doubts[1, 4].since == 2
    assert "carried on from frame 2" in doubts[1, 4].reasons[0]
    assert next_doubtful(document, doubts.values()).frame == 2
    document.apply(edits.set_flags(document, [(1, 2)], is_reviewed=True))
    assert next_doubtful(document, all_doubts(document, LIMITS).values()) is None


def test_before_the_first_prompt_doubts_go_backward(document: Document) -> None:
    document.apply(edits.set_prompts(document, 1, 4, click(3, 3)))
    for frame in range(6):
        side = 4 if frame > 2 else 9
        track(document, found(1, frame, square(2, 2, side)))
    doubts = all_doubts(document, LIMITS)
    assert sorted(frame for _, frame in doubts) == [0, 1, 2]
    assert doubts[1, 2].since is None
    assert doubts[1, 0].since == 2


def test_touching_another_object_is_not_passed_on(document: Document) -> None:
    track(document, *(found(1, f, square(2, 2)) for f in (0, 1)))
    track(document, found(2, 0, square(2, 4)))
    assert {frame for _, frame in all_doubts(document, LIMITS)} == {0}


def test_positions_are_rows_of_their_own() -> None:
    document = Document(frame_count=6, shape_hw=(20, 30), series_length=3)
    document.apply(edits.add_object(document, 1))
    document.apply(edits.set_prompts(document, 1, 1, click(4, 4)))
    track(
        document,
        *(found(1, frame, square(2, 2)) for frame in (0, 1, 2)),
        *(found(1, frame, square(9, 20)) for frame in (3, 5)),
        found(1, 4, square(9, 20, 9)),
    )
    doubts = all_doubts(document, LIMITS)
    assert (1, 3) not in doubts  # another position than frame 2, whatever lies there
    assert "The mask grows from 16 to 81 pixels." in doubts[1, 4].reasons
    assert onward(document, 1, 0) == ("backward", range(1))
    assert onward(document, 1, 2) == ("forward", range(2, 3))
    assert onward(document, 1, 4) == ("forward", range(4, 6))


def test_a_correction_is_carried_to_the_end_of_the_range_that_it_lies_in() -> None:
    document = Document(frame_count=12, shape_hw=(20, 30), series_length=6)
    document.apply(edits.add_object(document, 1))
    document.apply(edits.set_prompts(document, 1, 9, click(4, 4)))
    within = range(1, 5)
    assert onward(document, 1, 9, within) == ("forward", range(9, 11))
    assert onward(document, 1, 8, within) == ("backward", range(7, 9))
    assert onward(document, 1, 10, within) == ("forward", range(10, 12)), "its end"
    assert onward(document, 1, 11, within) == ("forward", range(11, 12)), "beside it"


def test_a_correction_is_carried_as_far_as_the_object_lives(document: Document) -> None:
    pieces = square(2, 2, 6) | square(2, 12)
    document.apply(edits.set_prompts(document, 1, 0, click(4, 4)))
    track(document, *(found(1, frame, pieces) for frame in range(6)))
    document.apply(edits.divide_object(document, 1, 3))
    assert onward(document, 1, 1) == ("forward", range(1, 3))
    assert onward(document, 1, 1, range(5)) == ("forward", range(1, 3))
    assert onward(document, 3, 4) == ("forward", range(4, 6))
    document.apply(edits.paint_mask(document, 3, 5, square(2, 2)))
    document.apply(edits.remove_objects(document, (4,)))
    assert onward(document, 3, 3, range(6)) == ("backward", range(3, 4))


def test_doubt_is_not_carried_on_to_another_position() -> None:
    document = Document(frame_count=6, shape_hw=(20, 30), series_length=3)
    document.apply(edits.add_object(document, 1))
    masks = [square(2, 2), square(2, 2), square(0, 0, 0), *[square(2, 2)] * 3]
    track(document, *(found(1, frame, mask) for frame, mask in enumerate(masks)))
    assert {frame for _, frame in all_doubts(document, LIMITS)} == {2}
    masks[1] = square(0, 0, 0)
    track(document, *(found(1, frame, mask) for frame, mask in enumerate(masks)))
    doubts = all_doubts(document, LIMITS)
    assert {frame for _, frame in doubts} == {1, 2}
    assert "carried on from frame 1," in doubts[1, 2].reasons[0]


def test_at_every_position_doubts_go_away_from_its_own_first_prompt() -> None:
    document = Document(frame_count=20, shape_hw=(20, 30), series_length=10)
    document.apply(edits.add_object(document, 1))
    reviewer = Reviewer(document, LIMITS)
    for frame in (5, 15):
        document.apply(edits.set_prompts(document, 1, frame, click(3, 3)))
    shrunk = {10, 11, 12}
    for frame in range(20):
        side = 3 if frame in shrunk else 9
        track(document, found(1, frame, square(2, 2, side)))
    doubts = all_doubts(document, LIMITS)
    assert {(d.frame, d.since) for d in doubts.values()} == {
        (12, None), (11, 12), (10, 12),
    }  # fmt: skip
    document.apply(edits.set_prompts(document, 1, 11, click(3, 3)))
    reviewer.refresh()
    expected = all_doubts(document, LIMITS)
    assert {(d.object_id, d.frame): d for d in reviewer.doubts()} == expected
    assert set(expected) == {(1, 13), (1, 14)}
