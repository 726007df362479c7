"""Undo goes back exactly, redo forward again, one gesture at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Edit, History, Spill, edits
from tests.state.acts import acts
from tests.state.conftest import SHAPE_HW, click, found, square, track


def state(document: Document) -> tuple[dict, dict, dict]:
    """Return all that a document holds, except the selection."""
    return (
        dict(document.objects),
        dict(document.prompts),
        dict(document.masks.items()),
    )


def say(history: History, said: FramePrompts, frame: int = 0, gesture=None) -> None:
    history.do(edits.set_prompts(history.document, 1, frame, said), gesture=gesture)


def cramped() -> Spill:
    """Return a place in which nothing but the latest bytes stays in memory."""
    return Spill(memory_bytes=0, segment_bytes=300, least_bytes=0)


def beginnings() -> st.SearchStrategy[History]:
    """Draw empty histories, some of which have no memory to speak of."""

    def make(spill: Spill | None, max_bytes: int) -> History:
        document = Document(frame_count=6, shape_hw=SHAPE_HW, spill=spill)
        return History(document, max_bytes=max_bytes)

    spills = st.one_of(st.none(), st.builds(cramped))
    return st.builds(make, spills, st.sampled_from([0, 2000, 1 << 28]))


@given(
    beginnings(),
    st.lists(
        st.one_of(
            st.tuples(acts(), st.sampled_from([None, None, "drag", "run"])),
            st.sampled_from(["undo", "redo"]),
        )
    ),
)
def test_undo_returns_to_the_start_and_redo_to_the_end(
    history: History, some: list
) -> None:
    document = history.document
    start = state(document)
    for one in some:
        if isinstance(one, str):
            getattr(history, one)()
        else:
            edit, gesture = one[0](document), one[1]
            takes_away = None in edit.objects.values()  # which no gesture does
            history.do(edit, gesture=None if takes_away else gesture)
        assert {i for i, _ in document.masks} <= set(document.objects)
    end, steps = state(document), len(history)
    for _ in range(steps):
        assert history.undo()
    assert state(document) == start
    assert not history.undo()
    for _ in range(steps):
        assert history.redo()
    assert state(document) == end
    while history.redo():
        assert {i for i, _ in document.masks} <= set(document.objects)


@given(beginnings(), st.lists(acts(), min_size=1), st.data())
def test_every_state_on_the_way_is_reached_again(
    history: History, some: list, data
) -> None:
    document = history.document
    states = [state(document)]
    for act in some:
        history.do(act(document))
        if state(document) != states[-1]:
            states.append(state(document))
    at = len(states) - 1
    for back in data.draw(st.lists(st.booleans(), max_size=20)):
        moved = history.undo() if back else history.redo()
        at += (-1 if back else 1) * moved
        assert state(document) == states[at]


def test_a_drag_is_one_step(history: History) -> None:
    for x in range(5, 15):
        say(history, click(5, x), gesture="drag 1")
    say(history, click(9, 9), gesture="drag 2")
    assert len(history) == 2
    history.undo()
    assert history.document.prompts[1, 0] == click(5, 14)
    history.undo()
    assert history.document.prompts == {}


def test_a_stroke_is_undone_to_the_mask_before_it(history: History) -> None:
    document = history.document
    track(document, found(1, 0, square(1, 1)))
    before = state(document)
    for y in range(2, 8):
        edit = edits.paint_mask(document, 1, 0, square(y, 1))
        history.do(edit, gesture="stroke")
    history.undo()
    assert state(document) == before


def test_a_run_is_one_step_whatever_is_done_beside_it(history: History) -> None:
    document = history.document

    def run(frame: int) -> None:
        edit = edits.set_results(document, [found(1, frame, square(1, 1))])
        history.do(edit, gesture="run 1")

    run(0)
    history.do(edits.rename_object(document, 2, "other"))
    run(1)
    history.do(edits.paint_mask(document, 2, 0, square(9, 9)))
    run(2)
    assert len(history) == 3
    history.undo()
    history.undo()
    assert set(document.masks.of_object(1)) == {0, 1, 2}
    assert document.objects[2].name == "Object 2"
    history.undo()
    assert len(document.masks) == 0


def test_a_gesture_never_jumps_over_a_step_on_the_same_place(history: History) -> None:
    document = history.document
    first = edits.set_results(document, [found(1, 0, square(1, 1))])
    history.do(first, gesture="run 1")
    history.do(edits.set_flags(document, [(1, 0)], is_reviewed=True))
    again = edits.set_results(document, [found(1, 0, square(5, 5))])
    history.do(again, gesture="run 1")
    assert len(history) == 3
    history.undo()
    assert document.masks.get((1, 0)).is_reviewed


def test_undoing_a_prompt_brings_back_the_mask_before_its_answer(history) -> None:
    document = history.document
    track(document, found(1, 0, square(1, 1)))
    before = state(document)
    say(history, click(9, 9))
    answer = found(1, 0, square(8, 8))
    document.apply(edits.set_answer(document, answer, click(9, 9)))
    after = state(document)
    history.undo()
    assert state(document) == before
    history.redo()
    assert state(document) == after
    assert not document.needs_answer(1, 0)


@pytest.mark.parametrize("name", ["remove_objects", "merge_objects"])
def test_an_answer_to_what_is_gone_again_leaves_no_mask(history, name: str) -> None:
    document = history.document
    history.do(edits.set_prompts(document, 2, 1, click(3, 3)))
    history.do(edits.add_object(document, 3))
    ids = (2,) if name == "remove_objects" else (1, 2)
    history.do(getattr(edits, name)(document, ids))
    after = state(document)
    history.undo()
    answer = found(2, 1, square(8, 8))
    document.apply(edits.set_answer(document, answer, click(3, 3)))
    history.redo()
    assert state(document) == after
    history.undo()
    assert (2, 1) in document.masks, "it is there again with its object"


def test_doing_something_else_ends_the_future(history: History) -> None:
    say(history, click(5, 5))
    say(history, click(6, 6))
    history.undo()
    assert (history.undo_label, history.redo_label) == ("Prompt cell on frame 0",) * 2
    say(history, click(7, 7))
    assert history.redo_label is None
    assert not history.redo()
    history.undo()
    assert history.document.prompts[1, 0] == click(5, 5)


def test_a_gesture_that_goes_on_keeps_the_future_of_other_places(history) -> None:
    document = history.document

    def run(frame: int) -> None:
        edit = edits.set_results(document, [found(1, frame, square(1, 1))])
        history.do(edit, gesture="run 1")

    run(0)
    history.do(edits.set_flags(document, [(1, 0)], is_reviewed=True))
    history.do(edits.rename_object(document, 2, "other"))
    history.undo()
    history.undo()
    run(1)
    assert history.redo_label == "Accept cell on frame 0"
    track(document, found(1, 0, square(5, 5)))
    history.do(
        edits.set_results(document, [found(1, 0, square(9, 9))]), gesture="run 1"
    )
    assert history.redo_label is None, "what was accepted is gone"


def test_a_gesture_that_goes_on_ends_a_future_without_its_objects(history) -> None:
    document = history.document

    def take_labels(frame: int) -> None:
        edit = edits.paint_masks(document, {(2, frame): square(1, 1)})
        history.do(edit, gesture="labels 1")

    history.do(edits.paint_mask(document, 1, 0, square(1, 1)), gesture="labels 1")
    history.do(edits.remove_object(document, 2))
    history.undo()
    take_labels(1)
    assert history.redo_label is None


def test_what_changes_nothing_is_no_step(history: History) -> None:
    say(history, click(5, 5))
    say(history, click(5, 5))
    history.do(Edit("Nothing"))
    assert len(history) == 1


def test_a_hundred_gestures_can_be_undone(history: History) -> None:
    for x in range(150):
        say(history, click(5, x / 10))
    assert len(history) == 150
    for _ in range(149):
        history.undo()
    assert history.document.prompts[1, 0] == click(5, 0)


def test_only_so_many_steps_are_kept(document: Document) -> None:
    history = History(document, max_steps=3)
    for x in range(10):
        say(history, click(5, x))
    assert len(history) == 3
    while history.undo():
        pass
    assert document.prompts[1, 0] == click(5, 6)


def test_undoing_a_run_over_some_objects_leaves_the_others(document: Document) -> None:
    history = History(document, max_bytes=0)
    both = [found(i, 0, square(1, i)) for i in (1, 2)]
    history.do(edits.set_results(document, both))
    again = edits.set_results(document, [found(2, 0, square(9, 9))])
    history.do(again)
    history.do(edits.set_flags(document, [(1, 0)], is_locked=True))
    states = [state(document)]
    while history.undo():
        states.append(state(document))
    assert document.masks.frames == frozenset()
    assert len(document.masks.of_object(1)) == 0
    for wanted in reversed(states[:-1]):
        history.redo()
        assert state(document) == wanted
        assert len(document.masks) == 2


def test_it_tells_before_it_travels_and_whenever_it_changes(history: History) -> None:
    heard = []
    history.changed.connect(lambda: heard.append("changed"))
    history.travelling.connect(
        lambda edit: heard.append((dict(edit.prompts), len(history.document.prompts)))
    )
    say(history, click(5, 5))
    history.undo()
    history.undo()
    history.clear()
    assert heard == ["changed", ({(1, 0): None}, 1), "changed", "changed"]
    assert not history.redo()


def test_a_run_over_nothing_leaves_a_hundred_gestures_to_undo(
    document: Document,
) -> None:
    history = History(document, max_bytes=16_000)
    for number in range(100):
        history.do(edits.rename_object(document, 1, f"cell {number}"))
    noise = np.random.default_rng(0).random(SHAPE_HW) > 0.5
    for frame in range(document.frame_count):
        step = edits.set_results(document, [found(1, frame, noise)])
        history.do(step, gesture="run")
    assert len(history) == 101, "what was absent before costs only its place"
