"""Objects divide: their daughters are followed, and no run brings the mother back."""

from __future__ import annotations

import pytest

from napari_sam2.control import Activity
from tests.control.conftest import Desk, click, start_run
from tests.control.fake_tracker import disc
from tests.state.test_history import state

LEFT, RIGHT = disc((40, 60), (20, 10)), disc((40, 60), (20, 50))


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session whose object 1 is seen in two places from frame 5 on."""
    ready_desk.say(1, 0, click(20, 30))
    ready_desk.lane.finish()
    ready_desk.paint(1, 5, LEFT | RIGHT)
    run(ready_desk)
    return ready_desk


def run(desk: Desk) -> None:
    desk.controller.run(objects=tuple(desk.document.objects))
    desk.lane.finish()


def frames_of(desk: Desk, object_id: int) -> list[int]:
    return sorted(desk.document.masks.of_object(object_id))


def test_daughters_are_followed_from_where_their_mother_ends(desk: Desk) -> None:
    assert desk.controller.dividing.divide(1, 5)
    assert desk.document.selected == 3
    assert desk.status.message == (
        "Object 1 ends here, and divides into Object 3 and Object 4: Propagate follows "
        "them on."
    )
    desk.lane.finish()
    run(desk)
    assert frames_of(desk, 1) == [0, 1, 2, 3, 4]
    assert frames_of(desk, 3) == frames_of(desk, 4) == [5, 6, 7, 8, 9]
    assert (desk.mask(3, 9).mask.mask == LEFT).all()
    assert (desk.mask(4, 9).mask.mask == RIGHT).all()


def test_one_undo_takes_a_division_back(desk: Desk) -> None:
    before = state(desk.document)
    desk.controller.dividing.divide(1, 5)
    desk.controller.steps.undo()
    desk.lane.finish()
    assert state(desk.document) == before
    run(desk)
    assert frames_of(desk, 1) == list(range(10))


def test_a_run_does_not_go_on_with_the_mother(slow_desk: Desk) -> None:
    slow_desk.add(1)
    start_run(slow_desk, 3)
    slow_desk.paint(1, 2, LEFT | RIGHT)
    assert slow_desk.controller.dividing.divide(1, 2)
    slow_desk.lane.finish()
    assert slow_desk.status.activity is Activity.IDLE
    assert max(frames_of(slow_desk, 1)) < 2
    assert not slow_desk.controller.can_resume
    assert "Object 1 ends here, and divides into" in slow_desk.status.message
    assert "Stopped because of a change of the objects" in slow_desk.status.message


def test_it_is_said_why_an_object_does_not_divide(desk: Desk) -> None:
    assert not desk.controller.dividing.divide(1, 2)
    assert "is in one piece on frame 2" in str(desk.status.problem)
    assert len(desk.document.objects) == 2
