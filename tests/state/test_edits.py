"""What users and runs do, and what is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.errors import FrameError, PromptError
from napari_sam2.core.masks.packing import absent_mask, pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Origin, edits
from tests.drawn import drawn
from tests.state.conftest import click, found, square, track


def say(document: Document, object_id: int, frame: int, said: FramePrompts) -> None:
    document.apply(edits.set_prompts(document, object_id, frame, said))


def answer(document: Document, object_id: int, frame: int, mask: np.ndarray) -> None:
    prompts = document.prompts[object_id, frame]
    result = found(object_id, frame, mask)
    document.apply(edits.set_answer(document, result, prompts))


def test_new_objects_get_the_next_number_and_a_name(document: Document) -> None:
    document.apply(edits.add_object(document))
    assert document.objects[3].name == "Object 3"
    document.apply(edits.add_object(document, 9, "  fish "))
    assert document.objects[9].name == "fish"
    assert edits.new_object_id(document) == 10
    document.apply(edits.add_object(document, 2**32 - 1))
    assert edits.new_object_id(document) == 4, "label images hold no larger number"


@pytest.mark.parametrize("object_id", [0, -1, 1, 2**32])
def test_numbers_that_cannot_be_used_are_refused(document, object_id) -> None:
    with pytest.raises(PromptError, match=f"cannot have the number {object_id}"):
        edits.add_object(document, object_id)


def test_an_empty_name_is_refused(document: Document) -> None:
    with pytest.raises(PromptError, match="cell cannot have an empty name"):
        edits.rename_object(document, 1, "  ")


def test_removing_an_object_leaves_no_trace_of_it(document: Document) -> None:
    say(document, 1, 0, click(3, 3))
    say(document, 2, 0, click(9, 9))
    track(document, found(1, 3, square(1, 1)), found(2, 3, square(9, 9)))
    document.apply(edits.remove_object(document, 1))
    assert list(document.objects) == [2]
    assert list(document.prompts) == [(2, 0)]
    assert [place for place, _ in document.masks.items()] == [(2, 3)]


@pytest.mark.parametrize(
    ("object_id", "frame", "said", "error"),
    [
        (7, 0, click(1, 1), "There is no object 7"),
        (1, 6, click(1, 1), "Frame 6 does not exist"),
        (1, 0, click(20, 1), r"point \(y=20, x=1\) for cell on frame 0 lies outside"),
        (1, 0, FramePrompts(mask=np.ones((3, 3), bool)), "mask has 3 × 3 pixels"),
    ],
)
def test_prompts_that_cannot_be_are_refused(
    document: Document, object_id: int, frame: int, said: FramePrompts, error: str
) -> None:
    with pytest.raises((PromptError, FrameError), match=error):
        edits.set_prompts(document, object_id, frame, said)


def test_a_locked_frame_refuses_prompts_and_paint(document: Document) -> None:
    track(document, found(1, 2, square(1, 1)))
    document.apply(edits.set_flags(document, [(1, 2)], is_locked=True))
    with pytest.raises(PromptError, match="cell is locked on frame 2: unlock"):
        edits.set_prompts(document, 1, 2, click(3, 3))
    with pytest.raises(PromptError, match="locked"):
        edits.paint_mask(document, 1, 2, square(2, 2))
    with pytest.raises(PromptError, match="locked"):
        edits.mark_absent(document, 1, [1, 2])


def test_withdrawing_prompts_uncovers_what_was_tracked(document: Document) -> None:
    track(document, found(1, 2, square(1, 1)))
    say(document, 1, 2, click(3, 3))
    assert document.masks.get((1, 2)).mask == pack_mask(square(1, 1))
    answer(document, 1, 2, square(2, 2))
    say(document, 1, 2, click(4, 4))
    answer(document, 1, 2, square(3, 3))
    say(document, 1, 2, FramePrompts())
    mask = document.masks.get((1, 2))
    assert (mask.origin, mask.mask) == (Origin.TRACKED, pack_mask(square(1, 1)))


def test_withdrawing_the_first_prompts_leaves_nothing(document: Document) -> None:
    say(document, 1, 2, click(3, 3))
    answer(document, 1, 2, square(2, 2))
    say(document, 1, 2, FramePrompts())
    assert document.masks.get((1, 2)) is None
    assert (1, 2) not in document.prompts


def test_painting_replaces_prompts_and_clicking_refines_paint(document) -> None:
    say(document, 1, 0, click(3, 3))
    document.apply(edits.paint_mask(document, 1, 0, square(5, 5)))
    assert (1, 0) not in document.prompts
    assert document.masks.get((1, 0)).is_protected
    say(document, 1, 0, click(3, 3))
    assert not document.masks.get((1, 0)).is_protected
    assert drawn(document, 0)[5, 5] == 1, "the mask stays until the answer comes"
    answer(document, 1, 0, square(1, 1))
    assert drawn(document, 0)[5, 5] == 0
    say(document, 1, 0, FramePrompts())
    assert document.said(1, 0) == pack_mask(square(5, 5)), "the painting comes back"
    assert document.masks.get((1, 0)).is_protected


def test_a_mask_among_prompts_is_painted(document: Document) -> None:
    say(document, 1, 0, FramePrompts(mask=square(5, 5)))
    assert document.said(1, 0) == pack_mask(square(5, 5))
    assert document.prompts == {}


def test_absent_is_something_that_is_said(document: Document) -> None:
    document.apply(edits.mark_absent(document, 1, [2, 3]))
    assert document.said_about(1) == dict.fromkeys((2, 3), absent_mask((20, 30)))


def test_runs_leave_locked_and_painted_frames_alone(document: Document) -> None:
    track(document, found(1, 0, square(1, 1)))
    document.apply(edits.set_flags(document, [(1, 0)], is_locked=True))
    document.apply(edits.paint_mask(document, 1, 1, square(1, 1)))
    track(document, *(found(1, frame, square(9, 9)) for frame in range(3)))
    seen = [document.masks.get((1, frame)).mask for frame in range(3)]
    assert seen == [pack_mask(square(y, y)) for y in (1, 1, 9)]


def test_runs_replace_what_they_cover_also_by_absence(document: Document) -> None:
    track(document, found(1, 0, square(1, 1)))
    track(document, found(1, 0, np.zeros((20, 30), bool)))
    mask = document.masks.get((1, 0))
    assert mask is not None and mask.mask.is_absent


def test_results_of_objects_that_are_gone_are_not_taken(document: Document) -> None:
    track(document, found(8, 0, square(1, 1)))
    assert len(document.masks) == 0


def test_a_result_is_not_taken_where_something_else_was_said_since(document) -> None:
    told = {(1, 0): click(3, 3)}
    say(document, 1, 0, click(3, 3))
    say(document, 1, 1, click(4, 4))
    results = [found(1, frame, square(1, 1)) for frame in range(3)]
    document.apply(edits.set_results(document, results, told))
    assert set(document.masks.of_object(1)) == {0, 2}
    assert document.masks.get((1, 0)).origin is Origin.PROMPTED
    assert document.masks.get((1, 2)).origin is Origin.TRACKED


def test_an_outdated_answer_is_shown_until_the_right_one_comes(document) -> None:
    say(document, 1, 0, click(3, 3))
    say(document, 1, 0, click(5, 5))
    early = edits.set_answer(document, found(1, 0, square(1, 1)), click(3, 3))
    document.apply(early)
    assert drawn(document, 0)[1, 1] == 1
    assert document.needs_answer(1, 0)
    answer(document, 1, 0, square(5, 5))
    late = edits.set_answer(document, found(1, 0, square(1, 1)), click(3, 3))
    assert not late


def test_no_answer_is_taken_once_the_prompts_are_gone(document: Document) -> None:
    say(document, 1, 0, click(3, 3))
    say(document, 1, 0, FramePrompts())
    assert not edits.set_answer(document, found(1, 0, square(1, 1)), click(3, 3))


def test_acceptance_lasts_as_long_as_the_mask(document: Document) -> None:
    track(document, found(1, 0, square(1, 1)))
    document.apply(edits.set_flags(document, [(1, 0), (1, 5)], is_reviewed=True))
    track(document, found(1, 0, square(1, 1)))
    assert document.masks.get((1, 0)).is_reviewed
    track(document, found(1, 0, square(2, 2)))
    assert not document.masks.get((1, 0)).is_reviewed
    assert document.masks.get((1, 5)) is None


def test_many_masks_can_be_painted_at_once_with_new_objects(document) -> None:
    masks = {(1, 0): square(1, 1), (7, 0): square(9, 9), (7, 2): square(9, 9)}
    document.apply(edits.paint_masks(document, masks, names={7: "", 1: "other"}))
    assert document.objects[7].name == "Object 7"
    assert document.objects[1].name == "cell"
    assert list(document.said_about(7)) == [0, 2]
    with pytest.raises(PromptError, match="There is no object 8"):
        edits.paint_masks(document, {(8, 0): square(1, 1)})


def test_edits_say_what_they_are(document: Document) -> None:
    say(document, 1, 2, click(3, 3))
    track(document, found(1, 2, square(1, 1)))
    some = [
        edits.add_object(document),
        edits.remove_object(document, 1),
        edits.set_prompts(document, 1, 2, click(4, 4)),
        edits.set_prompts(document, 1, 2, FramePrompts()),
        edits.paint_mask(document, 1, 2, square(1, 1)),
        edits.mark_absent(document, 1, [2]),
        edits.set_flags(document, [(1, 2)], is_locked=True),
        edits.set_flags(document, [(1, 2)], is_locked=False),
        edits.set_flags(document, [(1, 2)], is_reviewed=True),
        edits.set_flags(document, [(1, 2)], is_reviewed=False),
    ]
    assert [edit.label for edit in some] == [
        "Add Object 3",
        "Delete cell",
        "Prompt cell on frame 2",
        "Withdraw the prompts of cell on frame 2",
        "Paint cell on frame 2",
        "Mark cell absent",
        "Lock cell on frame 2",
        "Unlock cell on frame 2",
        "Accept cell on frame 2",
        "Unaccept cell on frame 2",
    ]


def test_an_edit_does_nothing_before_it_is_applied(document: Document) -> None:
    edit = edits.set_prompts(document, 1, 0, click(3, 3))
    assert document.prompts == {}
    inverse = document.apply(edit)
    assert document.prompts == {(1, 0): click(3, 3)}
    document.apply(inverse)
    assert document.prompts == {}
    assert replace(edit, label="") != edit


def test_objects_known_elsewhere_are_taken_over_in_one_step(document) -> None:
    before = list(document.objects)
    said = {(1, 0): click(3, 3), (7, 2): click(5, 5)}
    said[8, 1] = FramePrompts(mask=square(1, 1))
    names = {1: "mother", 7: "bud", 9: "nothing said"}
    inverse = document.apply(edits.take_over(document, said, names=names))
    named = {i: one.name for i, one in document.objects.items()}
    assert named == {1: "mother", 2: named[2], 7: "bud", 8: "Object 8", 9: names[9]}
    assert set(document.prompts) == {(1, 0), (7, 2)}
    assert document.masks[8, 1].origin is Origin.PAINTED
    document.apply(inverse)
    assert (list(document.objects), document.prompts) == (before, {})


def test_of_what_cannot_be_taken_over_nothing_is(document) -> None:
    said = {(7, 0): click(3, 3), (8, 99): click(3, 3)}
    with pytest.raises(FrameError, match="Frame 99"):
        edits.take_over(document, said)
    with pytest.raises(PromptError, match="number 0"):
        edits.take_over(document, {}, names={0: "nobody"})
