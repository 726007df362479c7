"""Whatever a user does, in whatever order the lane gets to it, all agree in the end."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.control import Activity
from napari_sam2.control.importing import LabelOrder
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Origin, edits
from tests.control.conftest import Desk, click
from tests.control.fake_tracker import disc
from tests.control.manual_lane import ManualLane
from tests.state.test_history import state

PLACES = st.tuples(st.integers(1, 2), st.integers(0, 4))
SPOTS = st.tuples(st.integers(5, 35), st.integers(5, 55))
STEPS = st.one_of(
    st.tuples(st.just("click"), PLACES, SPOTS),
    st.tuples(st.just("click"), PLACES, SPOTS),
    st.tuples(st.just("withdraw"), PLACES, SPOTS),
    st.tuples(st.just("paint"), PLACES, SPOTS),
    st.tuples(st.just("lock"), PLACES, SPOTS),
    st.tuples(st.just("remove"), PLACES, SPOTS),
    st.tuples(st.sampled_from(["run", "stop", "undo", "redo", "model"])),
    st.tuples(st.just("merge")),
    st.tuples(st.just("labels"), st.sampled_from(["masks", "boxes", "points"])),
    st.tuples(st.just("work"), st.integers(1, 6)),
    st.tuples(st.just("work"), st.integers(1, 6)),
)


def act(desk: Desk, step: tuple) -> None:
    """Do one thing as a user, or let the lane work a little."""
    name, document = step[0], desk.document
    if name == "work":
        for _ in range(step[1]):
            if desk.lane.tasks:
                desk.lane.step()
    elif name in ("run", "stop"):
        getattr(desk.controller, name)()
    elif name in ("undo", "redo"):
        getattr(desk.history, name)()
    elif name == "merge":
        desk.controller.merging.merge(tuple(document.objects))
    elif name == "model":
        desk.settings.model = f"model {len(desk.factory.made)}"
    elif name == "labels":
        labels = disc((40, 60), (30, 50)).astype(np.uint8) * 2
        order = LabelOrder(lambda frame: labels, (1, 2), form=step[1])
        desk.controller.take_labels(order)
    else:
        edit_objects(desk, name, *step[1:])
    for place in (*document.prompts, *document.masks):
        assert place[0] in document.objects


def edit_objects(desk: Desk, name: str, place: tuple, spot: tuple) -> None:
    document, object_id = desk.document, place[0]
    if object_id not in document.objects:
        desk.add(object_id)
    try:
        if name == "click":
            desk.say(*place, click(*spot))
        elif name == "withdraw":
            desk.say(*place, FramePrompts())
        elif name == "paint":
            desk.paint(*place, disc((40, 60), spot))
        elif name == "remove":
            desk.history.do(edits.remove_object(document, object_id))
        else:
            desk.lock(*place)
    except Sam2Error as error:
        assert "is locked" in str(error)


def told(desk: Desk, object_id: int, frame: int) -> FramePrompts:
    """Return what a tracker is to know: what was said, a painting as it is now."""
    said = desk.document.said(object_id, frame)
    mask = desk.mask(object_id, frame)
    is_refined = mask.beneath is not None and mask.beneath.origin is Origin.PAINTED
    if isinstance(said, PackedMask) or is_refined:
        return FramePrompts(mask=mask.mask.mask)
    return said


@settings(max_examples=150)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_all_agree_in_the_end(steps: list[tuple]) -> None:
    desk = Desk(ManualLane())
    for step in steps:
        act(desk, step)
    desk.lane.finish()
    desk.add(3)
    desk.say(3, 0, click(20, 20))
    desk.lane.finish()
    document = desk.document
    assert desk.status.activity is Activity.IDLE
    assert not any(document.needs_answer(*place) for place in document.prompts)

    desk.controller.run()
    desk.lane.finish()
    said = {i: document.said_about(i) for i in document.objects}
    expected = {
        object_id: {frame: told(desk, object_id, frame) for frame in about}
        for object_id, about in said.items()
        if about
    }
    assert desk.factory.tracker.said == expected
    for object_id in expected:
        assert document.frames_covered(object_id) == document.frame_count

    while desk.history.undo():
        pass
    desk.lane.finish()
    assert state(document) == ({}, {}, {})
