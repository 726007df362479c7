"""An object divides: two daughters begin where their mother ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import PromptError
from napari_sam2.core.lineage import Descent
from napari_sam2.state import (
    Document,
    Edit,
    History,
    Origin,
    Place,
    ReviewThresholds,
    edits,
)
from napari_sam2.state.lineage import is_sound, parents_of
from tests.state.acts import Act, ways_to_change
from tests.state.all_doubts import all_doubts
from tests.state.conftest import SHAPE_HW, click, found, square, track
from tests.state.test_history import state

WHOLE, LARGE, SMALL = square(5, 2, 8), square(2, 2, 6), square(2, 12)
BOTH = LARGE | SMALL


@pytest.fixture
def dividing(document: Document) -> Document:
    """Return a document in which object 1 is two pieces from frame 3 on."""
    document.apply(edits.set_prompts(document, 1, 0, click(6, 6)))
    for frame in range(6):
        track(document, found(1, frame, BOTH if frame >= 3 else WHOLE))
    return document


def divide(document: Document, object_id: int = 1, frame: int = 3) -> None:
    document.apply(edits.divide_object(document, object_id, frame))


def refusal(document: Document, object_id: int = 1, frame: int = 3) -> str:
    with pytest.raises(PromptError) as refused:
        edits.divide_object(document, object_id, frame)
    return str(refused.value)


def frames_of(document: Document, object_id: int) -> list[int]:
    return sorted(document.masks.of_object(object_id))


def test_the_pieces_become_daughters_and_the_mother_ends(dividing: Document) -> None:
    divide(dividing)
    assert parents_of(dividing.objects) == {3: 1, 4: 1}
    assert dividing.objects[4].descent == Descent(1, 3)
    assert frames_of(dividing, 1) == [0, 1, 2]
    larger, smaller = dividing.masks[3, 3], dividing.masks[4, 3]
    assert np.array_equal(larger.mask.mask, LARGE)
    assert np.array_equal(smaller.mask.mask, SMALL)
    assert larger.origin is smaller.origin is Origin.PAINTED
    assert dividing.said(4, 3) is not None


def test_what_was_said_of_the_mother_later_goes(dividing: Document) -> None:
    dividing.apply(edits.set_prompts(dividing, 1, 4, click(3, 3)))
    divide(dividing)
    assert set(dividing.prompts) == {(1, 0)}


def test_a_mother_who_was_painted_only_later_keeps_a_painted_mask(
    document: Document,
) -> None:
    document.apply(edits.paint_mask(document, 1, 4, WHOLE))
    track(document, *(found(1, f, BOTH if f == 3 else WHOLE) for f in range(4)))
    before, history = state(document), History(document)
    history.do(edits.divide_object(document, 1, 3))
    assert list(document.said_about(1)) == [2]
    assert np.array_equal(document.masks[1, 2].mask.mask, WHOLE)
    assert frames_of(document, 1) == [0, 1, 2]
    history.undo()
    assert state(document) == before


def test_a_mother_who_was_said_something_of_before_is_not_painted(
    dividing: Document,
) -> None:
    divide(dividing)
    assert list(dividing.said_about(1)) == [0]


def test_one_undo_takes_all_of_it_back(dividing: Document) -> None:
    before = state(dividing)
    history = History(dividing)
    history.do(edits.divide_object(dividing, 1, 3))
    after = state(dividing)
    history.undo()
    assert state(dividing) == before
    history.redo()
    assert state(dividing) == after


def test_specks_are_no_daughters(document: Document) -> None:
    track(document, found(1, 3, WHOLE | square(18, 20, 1)))
    assert "is in one piece on frame 3: erase it between" in refusal(document)


def test_specks_stay_behind(document: Document) -> None:
    track(document, found(1, 3, BOTH | square(18, 20, 1)))
    divide(document)
    assert document.masks[3, 3].mask.area + document.masks[4, 3].mask.area == 52


def test_there_must_be_a_mask(document: Document) -> None:
    assert "cell has no mask on frame 3" in refusal(document)


def test_locked_frames_are_not_emptied(dividing: Document) -> None:
    dividing.apply(edits.set_flags(dividing, [(1, 5)], is_locked=True))
    assert "cell is locked on frame 5" in refusal(dividing)


def test_an_object_divides_once(dividing: Document) -> None:
    divide(dividing)
    said = refusal(dividing, frame=2)
    assert "has divided on frame 3, into Object 3 and Object 4" in said


def test_nobody_divides_on_the_first_frame(dividing: Document) -> None:
    assert "cell begins on frame 0: it can divide after" in refusal(dividing, frame=0)


def test_daughters_divide_in_turn(dividing: Document) -> None:
    divide(dividing)
    assert "Object 3 begins on frame 3" in refusal(dividing, 3, 3)
    track(dividing, found(3, 5, BOTH))
    divide(dividing, 3, 5)
    assert parents_of(dividing.objects) == {3: 1, 4: 1, 5: 3, 6: 3}
    assert is_sound(dividing.objects)


def test_many_positions_have_no_divisions() -> None:
    document = Document(frame_count=6, shape_hw=(20, 30), series_length=3)
    document.apply(edits.add_object(document, 1))
    assert "one at each position" in refusal(document)


def test_runs_leave_the_mother_ended_and_daughters_unborn(dividing: Document) -> None:
    divide(dividing)
    for frame in range(6):
        track(dividing, *(found(i, frame, WHOLE) for i in (1, 3, 4)))
    assert frames_of(dividing, 1) == [0, 1, 2]
    assert frames_of(dividing, 3) == frames_of(dividing, 4) == [3, 4, 5]


def test_prompts_go_to_whom_is_there(dividing: Document) -> None:
    divide(dividing)
    with pytest.raises(PromptError, match="from there on, choose Object 3 or Object 4"):
        edits.set_prompts(dividing, 1, 4, click(1, 1))
    with pytest.raises(PromptError, match="begins on frame 3, where cell divides"):
        edits.paint_mask(dividing, 3, 2, WHOLE)


def test_daughters_stay_when_their_mother_is_deleted(dividing: Document) -> None:
    divide(dividing)
    dividing.apply(edits.remove_object(dividing, 1))
    assert sorted(dividing.objects) == [2, 3, 4]
    assert parents_of(dividing.objects) == {}


def test_without_daughters_the_mother_goes_on(dividing: Document) -> None:
    divide(dividing)
    dividing.apply(edits.remove_objects(dividing, (3, 4)))
    track(dividing, found(1, 4, WHOLE))
    assert frames_of(dividing, 1) == [0, 1, 2, 4]


def test_a_daughter_that_is_her_mother_after_all(dividing: Document) -> None:
    divide(dividing)
    dividing.apply(edits.merge_objects(dividing, (1, 3)))
    assert frames_of(dividing, 1) == [0, 1, 2, 3]
    assert parents_of(dividing.objects) == {}  # both are seen at once


def test_daughters_that_are_one_have_their_mother(dividing: Document) -> None:
    divide(dividing)
    dividing.apply(edits.merge_objects(dividing, (3, 4)))
    assert parents_of(dividing.objects) == {3: 1}


def test_the_daughters_of_a_part_are_those_of_the_whole(dividing: Document) -> None:
    divide(dividing)
    track(dividing, found(2, 0, SMALL))
    dividing.apply(edits.rename_object(dividing, 3, "bud"))
    dividing.apply(edits.merge_objects(dividing, (1, 2)))
    assert parents_of(dividing.objects) == {3: 1, 4: 1}
    assert dividing.objects[3].name == "bud"


def test_a_mask_in_two_pieces_may_have_divided(dividing: Document) -> None:
    doubts = all_doubts(dividing, ReviewThresholds())
    assert "The mask falls into two pieces of similar size: has it divided?" in (
        doubts[1, 3].reasons
    )
    assert doubts[1, 4].since == 3


def test_an_unlike_piece_is_no_division(document: Document) -> None:
    track(document, found(1, 0, WHOLE), found(1, 1, WHOLE | square(0, 20, 3)))
    doubts = all_doubts(document, ReviewThresholds())
    assert not any("divided" in reason for d in doubts.values() for reason in d.reasons)


def test_two_pieces_that_were_there_before_have_not_divided(document: Document) -> None:
    track(document, found(1, 0, BOTH), found(1, 1, BOTH))
    assert all_doubts(document, ReviewThresholds()) == {}


def seen_out_of_time(document: Document) -> list[Place]:
    """Return where objects are seen before they begin, or after they divide."""
    return [
        place
        for place, mask in document.masks.items()
        if not mask.mask.is_absent and not document.lives.hold(*place)
    ]


@st.composite
def acts_on_two(draw: st.DrawFn) -> Act:
    """Draw an act, often a division; it does nothing where it is refused."""
    place = draw(st.integers(1, 6)), draw(st.integers(0, 5))
    ways = ways_to_change(place, click(3, 3), BOTH)
    ways["divide"] = lambda document: edits.divide_object(document, *place)
    way = ways[draw(st.sampled_from([*ways, *["divide"] * 5]))]

    def act(document: Document) -> Edit:
        try:
            return way(document)
        except PromptError:
            return Edit("")

    return act


@given(
    st.lists(
        st.one_of(
            st.tuples(acts_on_two(), st.sampled_from([None, "run"])),
            st.sampled_from(["undo", "redo"]),
        ),
        max_size=30,
    )
)
def test_whatever_is_done_and_undone_nobody_outlives_their_division(some: list) -> None:
    history = History(Document(frame_count=6, shape_hw=SHAPE_HW))
    document = history.document
    for object_id in (1, 2):
        document.apply(edits.add_object(document, object_id))
        track(document, *(found(object_id, frame, BOTH) for frame in range(6)))
    start = state(document)
    for one in some:
        if isinstance(one, str):
            getattr(history, one)()
        else:
            edit, gesture = one[0](document), one[1]
            history.do(edit, gesture=None if edit.objects else gesture)
        assert is_sound(document.objects)
        assert not seen_out_of_time(document)
    end, steps = state(document), len(history)
    while history.undo():
        assert is_sound(document.objects)
    assert state(document) == start
    for _ in range(steps):
        assert history.redo()
    assert state(document) == end
