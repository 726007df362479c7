"""Thousands of boxes come into their layer a few at a time, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Shapes

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.layers.coordinates import FrameSpace
from napari_sam2.state import edits

COUNT = 100


def box(n: int) -> FramePrompts:
    y, x = divmod(n, 10)
    return FramePrompts(box_yxyx=(2.0 * y, 3.1 * x, 2.0 * y + 1.5, 3.1 * x + 2.5))


@pytest.fixture
def crowded(bench):
    """Return a bench whose document has just been given many boxes at once."""
    said = {(n + 1, 0): box(n) for n in range(COUNT)}
    bench.history.do(edits.say(bench.document, said))
    return bench


def show_all(bench) -> int:
    """Show all boxes; return in how many portions."""
    count = 0
    while bench.prompts.has_more:
        before = len(bench.boxes.data)
        bench.prompts.go_on()
        assert len(bench.boxes.data) > before
        count += 1
    return count


def objects_shown(bench) -> list[int]:
    return bench.boxes.features["object"].tolist()


def test_boxes_come_a_few_at_a_time(crowded) -> None:
    assert 0 < len(crowded.boxes.data) < 50
    crowded.prompts.go_on()
    assert show_all(crowded) >= 1
    assert sorted(objects_shown(crowded)) == list(range(1, COUNT + 1))
    assert len(crowded.said) == 1, "showing is no edit"
    crowded.prompts.go_on()
    assert len(crowded.boxes.data) == COUNT


def test_what_is_not_shown_yet_is_not_withdrawn_by_what_is_done_meanwhile(
    crowded,
) -> None:
    crowded.boxes.selected_data = {0}
    crowded.boxes.remove_selected()
    assert len(crowded.document.prompts) == COUNT - 1
    crowded.points.add([0, 5.0, 5.0])
    crowded.boxes.add(np.array([[1, 2, 2], [1, 2, 9], [1, 9, 9], [1, 9, 2]]))
    assert len(crowded.document.prompts) >= COUNT
    show_all(crowded)
    boxes = [one for one in crowded.document.prompts.values() if one.box_yxyx]
    assert len(crowded.boxes.data) == len(boxes) == COUNT


def test_nothing_comes_while_a_box_is_being_dragged(crowded) -> None:
    steps = crowded.prompts._on_press(crowded.boxes, Held())
    next(steps)
    before = len(crowded.boxes.data)
    crowded.prompts.go_on()
    assert len(crowded.boxes.data) == before
    assert next(steps, None) is None
    crowded.prompts.go_on()
    assert len(crowded.boxes.data) > before


class Held:
    """A press that is let go of at once."""

    type = "mouse_release"
    button = 1
    modifiers = ()
    dims_displayed = (1, 2)


def test_boxes_that_stay_are_not_made_anew(crowded, monkeypatch) -> None:
    show_all(crowded)
    made = []
    add = Shapes.add_rectangles

    def counting(layer, data, **options):
        made.append(len(data))
        return add(layer, data, **options)

    monkeypatch.setattr(Shapes, "add_rectangles", counting)
    document, history = crowded.document, crowded.history
    history.do(edits.set_prompts(document, 50, 0, FramePrompts()))
    assert len(crowded.boxes.data) == COUNT - 1
    assert made == []
    history.undo()
    assert len(crowded.boxes.data) == COUNT
    assert made == [1]
    history.do(edits.set_prompts(document, 7, 0, box(100)))
    assert made == [1, 1]
    assert sorted(objects_shown(crowded)) == list(range(1, COUNT + 1))


def test_boxes_that_stay_are_not_read_again(crowded, monkeypatch) -> None:
    show_all(crowded)
    read = []
    box_of = FrameSpace.box_of

    def counting(space, vertices):
        read.append(vertices)
        return box_of(space, vertices)

    monkeypatch.setattr(FrameSpace, "box_of", counting)
    crowded.points.add([0, 5.0, 5.0])
    assert not read
    crowded.boxes.add(np.array([[1, 2, 2], [1, 2, 9], [1, 9, 9], [1, 9, 2]]))
    assert len(read) == 1


def test_undo_takes_all_of_them_away_and_redo_brings_them_back(crowded) -> None:
    crowded.prompts.go_on()
    crowded.history.undo()
    assert len(crowded.boxes.data) == 0
    assert not crowded.prompts.has_more
    assert len(crowded.boxes.features) == 0
    crowded.history.redo()
    show_all(crowded)
    assert sorted(objects_shown(crowded)) == list(range(1, COUNT + 1))


def test_every_box_has_the_colour_of_its_object(crowded) -> None:
    from napari_sam2.layers.palette import object_rgba

    show_all(crowded)
    wanted = [object_rgba(object_id) for object_id in objects_shown(crowded)]
    np.testing.assert_allclose(crowded.boxes.edge_color, wanted, atol=0.01)
    assert len(set(crowded.boxes.edge_width)) == 1
