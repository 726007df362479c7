"""Several objects become one: nothing that was found or said of them is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.errors import PromptError
from napari_sam2.core.masks.packing import absent_mask, pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, FrameMask, History, Origin, edits
from tests.state.conftest import SHAPE_HW, click, found, square, track
from tests.state.test_history import state

NOTHING = np.zeros(SHAPE_HW, bool)
LEFT, RIGHT = square(2, 2), square(2, 12)
BOX, OTHER_BOX = (2, 2, 5, 5), (1, 12, 9, 15)


def say(document: Document, object_id: int, frame: int, said: FramePrompts) -> None:
    document.apply(edits.set_prompts(document, object_id, frame, said))


def answer(document: Document, object_id: int, frame: int, mask: np.ndarray) -> None:
    """Say something about an object on a frame, and have it answered."""
    prompts = document.prompts[object_id, frame]
    one = found(object_id, frame, mask)
    document.apply(edits.set_answer(document, one, prompts))


def prompt(document: Document, object_id: int, frame: int, mask: np.ndarray) -> None:
    """Click an object where it is, and have that answered."""
    y, x = np.argwhere(mask)[0].tolist() if mask.any() else (0, 0)
    say(document, object_id, frame, click(y, x))
    answer(document, object_id, frame, mask)


def merge(document: Document, *ids: int) -> None:
    document.apply(edits.merge_objects(document, ids or (1, 2)))


def whole(document: Document, frame: int) -> FrameMask:
    return document.masks[1, frame]


def test_the_lowest_keeps_its_number_and_name(document: Document) -> None:
    document.apply(edits.add_object(document, 7, "bud"))
    edit = edits.merge_objects(document, (7, 2))
    assert edit.label == "Merge 2 objects into Object 2"
    document.apply(edit)
    named = {i: one.name for i, one in document.objects.items()}
    assert named == {1: "cell", 2: "Object 2"}


def test_tracked_masks_are_joined_frame_by_frame(document: Document) -> None:
    track(document, found(1, 0, LEFT, iou=0.9, logit=2), found(1, 1, LEFT))
    track(document, found(2, 0, RIGHT, iou=0.6, logit=4), found(2, 2, RIGHT))
    merge(document)
    seen = [whole(document, frame).mask.mask for frame in range(3)]
    np.testing.assert_array_equal(seen, [LEFT | RIGHT, LEFT, RIGHT])
    both = whole(document, 0)
    assert both.origin is Origin.TRACKED
    assert (both.predicted_iou, both.object_logit) == (0.6, 4), "the least sure, seen"
    assert not len(document.masks.of_object(2))


def test_more_than_two_become_one(document: Document) -> None:
    document.apply(edits.add_object(document, 3))
    masks = {i: square(4 * i, 3 * i, side=6) for i in (1, 2, 3)}
    track(document, *(found(i, 0, mask) for i, mask in masks.items()))
    merge(document, 3, 1, 2)
    np.testing.assert_array_equal(
        whole(document, 0).mask.mask, masks[1] | masks[2] | masks[3]
    )
    assert list(document.objects) == [1]


def test_prompts_of_one_alone_become_those_of_the_whole(document: Document) -> None:
    prompt(document, 1, 0, LEFT)
    prompt(document, 2, 3, RIGHT)
    track(document, found(2, 0, NOTHING), found(1, 3, NOTHING))
    merge(document)
    assert dict(document.prompts) == {(1, 0): click(2, 2), (1, 3): click(2, 12)}
    assert [whole(document, f).origin for f in (0, 3)] == [Origin.PROMPTED] * 2
    assert not any(document.needs_answer(1, frame) for frame in (0, 3))


@pytest.mark.parametrize("is_tracked", [False, True])
def test_where_one_was_prompted_and_both_are_seen_they_count_as_painted(
    document: Document, is_tracked: bool
) -> None:
    prompt(document, 1, 0, LEFT)
    if is_tracked:
        track(document, found(2, 0, RIGHT))
    else:
        prompt(document, 2, 0, RIGHT)
    merge(document)
    assert not document.prompts
    assert whole(document, 0).origin is Origin.PAINTED
    assert document.said_about(1) == {0: pack_mask(LEFT | RIGHT)}


def test_what_was_painted_stays_painted(document: Document) -> None:
    document.apply(edits.paint_mask(document, 2, 0, RIGHT))
    document.apply(edits.paint_mask(document, 2, 1, RIGHT))
    track(document, found(1, 0, LEFT), found(1, 1, NOTHING))
    merge(document)
    assert document.said_about(1) == {
        0: pack_mask(LEFT | RIGHT),
        1: pack_mask(RIGHT),
    }


def test_prompts_without_an_answer_are_put_together_for_one(document) -> None:
    say(document, 1, 0, FramePrompts(((3, 3),), (True,), BOX))
    say(document, 2, 0, FramePrompts(((4, 13), (9, 9)), (True, False), OTHER_BOX))
    merge(document)
    assert document.prompts == {
        (1, 0): FramePrompts(
            ((3, 3), (4, 13), (9, 9)), (True, True, False), (1, 2, 9, 15)
        )
    }
    assert document.needs_answer(1, 0)
    assert document.masks.get((1, 0)) is None


def test_a_click_that_waits_corrects_what_was_tracked_of_the_other(document) -> None:
    track(document, found(1, 0, LEFT))
    say(document, 2, 0, click(3, 13))
    merge(document)
    assert document.needs_answer(1, 0)
    answer(document, 1, 0, LEFT | RIGHT)
    assert not document.needs_answer(1, 0)
    say(document, 1, 0, FramePrompts())
    assert whole(document, 0).origin is Origin.TRACKED
    assert whole(document, 0).mask == pack_mask(LEFT)


def test_a_click_that_waits_refines_what_was_painted_of_the_other(document) -> None:
    document.apply(edits.paint_mask(document, 1, 0, LEFT))
    say(document, 2, 0, click(3, 13))
    merge(document)
    assert document.needs_answer(1, 0)
    say(document, 1, 0, FramePrompts())
    assert document.said_about(1) == {0: pack_mask(LEFT)}


def test_prompts_that_found_nothing_are_asked_again_together(document) -> None:
    prompt(document, 1, 0, NOTHING)
    prompt(document, 2, 0, NOTHING)
    merge(document)
    assert document.needs_answer(1, 0)
    assert len(document.prompts[1, 0].points_yx) == 2


def test_a_joined_mask_is_locked_if_one_was_and_accepted_if_all_were(document) -> None:
    for frame in (0, 1, 2):
        track(document, found(1, frame, LEFT), found(2, frame, RIGHT))
    document.apply(edits.set_flags(document, [(2, 0)], is_locked=True))
    accepted = [(1, 1), (2, 1), (1, 2)]
    document.apply(edits.set_flags(document, accepted, is_reviewed=True))
    merge(document)
    assert [whole(document, f).is_locked for f in (0, 1, 2)] == [True, False, False]
    assert [whole(document, f).is_reviewed for f in (0, 1, 2)] == [False, True, False]
    assert whole(document, 0).mask == pack_mask(LEFT | RIGHT)


def test_a_locked_mask_is_not_joined_with_what_is_not_known_yet(document) -> None:
    track(document, found(1, 0, LEFT))
    document.apply(edits.set_flags(document, [(1, 0)], is_locked=True))
    say(document, 2, 0, click(3, 13))
    with pytest.raises(PromptError, match="cell on frame 0 is locked, and cannot be"):
        edits.merge_objects(document, (1, 2))


def test_a_part_that_is_absent_does_not_make_the_whole_absent(document) -> None:
    document.apply(edits.mark_absent(document, 1, [0, 1, 2]))
    document.apply(edits.mark_absent(document, 2, [2, 3]))
    track(document, found(2, 0, RIGHT))
    merge(document)
    assert whole(document, 0).mask == pack_mask(RIGHT)
    assert not whole(document, 0).is_protected
    for frame in (1, 3):  # of the other part, nothing was known there
        assert whole(document, frame).mask == absent_mask(SHAPE_HW)
        assert not whole(document, frame).is_protected
    assert list(document.said_about(1)) == [2]


def test_masks_of_the_whole_are_no_longer_those_of_a_step(document) -> None:
    for object_id, mask in ((1, LEFT), (2, RIGHT)):
        steps = [found(object_id, frame, mask) for frame in (0, object_id)]
        track(document, *(replace(one, step=5) for one in steps))
    merge(document)
    assert [whole(document, frame).step for frame in (0, 1, 2)] == [None, 5, None]


def test_it_is_one_step_and_undone_exactly(history: History) -> None:
    document = history.document
    prompt(document, 1, 0, LEFT)
    prompt(document, 2, 0, RIGHT)
    track(document, *(found(i, 1, m) for i, m in ((1, LEFT), (2, RIGHT))))
    document.apply(edits.set_flags(document, [(1, 1)], is_locked=True))
    before = state(document)
    history.do(edits.merge_objects(document, (1, 2)))
    after = state(document)
    history.undo()
    assert state(document) == before
    history.redo()
    assert state(document) == after


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ((), "two or more objects"),
        ((1, 1), "two or more objects"),
        ((1, 9), "no object 9"),
        ((5, 1, 9), "no object"),
    ],
)
def test_what_cannot_be_merged_is_refused_in_words(document, ids, said) -> None:
    with pytest.raises(PromptError, match=said):
        edits.merge_objects(document, ids)
