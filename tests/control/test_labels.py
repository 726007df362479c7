"""Labels that exist become objects and prompts."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control import Activity
from napari_sam2.control.importing import LabelOrder
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Origin
from tests.control.conftest import SHAPE, Desk, click
from tests.state.test_history import state

STACK = np.zeros(SHAPE, np.uint16)
STACK[0, 2:9, 3:8] = 4
STACK[0, 20:29, 3:8] = 9
STACK[5, 20:29, 13:18] = 9


def take(desk: Desk, frames, read=STACK.__getitem__, **how) -> None:
    desk.controller.take_labels(LabelOrder(read, tuple(frames), **how))


def test_all_labels_of_some_frames_become_one_step(desk: Desk) -> None:
    take(desk, [0, 5], names={9: "fish"})
    assert {i: o.name for i, o in desk.document.objects.items()} == {
        4: "Object 4",
        9: "fish",
    }
    assert desk.document.said_about(9) == {
        0: pack_mask(STACK[0] == 9),
        5: pack_mask(STACK[5] == 9),
    }
    assert desk.status.message == "2 objects start from labels."
    assert desk.history.undo_label == "Start from labels"
    assert len(desk.history) == 1
    desk.controller.run()
    assert desk.document.frames_covered(4) == 10
    assert desk.mask(9, 5).origin is Origin.PAINTED
    desk.history.undo()
    desk.history.undo()
    assert desk.document.objects == {}


def test_only_some_labels_can_be_taken(desk: Desk) -> None:
    take(desk, [0], object_ids=[9])
    assert list(desk.document.objects) == [9]


def test_labels_become_boxes_around_them(desk: Desk) -> None:
    take(desk, [0, 5], form="boxes", names={4: "fish"})
    assert desk.document.prompts == {
        (4, 0): FramePrompts(box_yxyx=(1.5, 2.5, 8.5, 7.5)),
        (9, 0): FramePrompts(box_yxyx=(19.5, 2.5, 28.5, 7.5)),
        (9, 5): FramePrompts(box_yxyx=(19.5, 12.5, 28.5, 17.5)),
    }
    assert [one.name for one in desk.document.objects.values()] == ["fish", "Object 9"]
    assert desk.mask(4, 0).origin is Origin.PROMPTED, "the model answers boxes"
    assert len(desk.history) == 1
    desk.history.undo()
    assert state(desk.document) == ({}, {}, {})


def test_labels_become_points_well_within_them(desk: Desk) -> None:
    ring = np.zeros(SHAPE[1:], np.uint8)
    ring[5:25, 5:25] = 3
    ring[8:20, 8:20] = 0
    take(desk, [0], lambda frame: ring, form="points")
    ((point_yx,),) = [one.points_yx for one in desk.document.prompts.values()]
    y, x = map(int, point_yx)
    assert ring[y - 1 : y + 2, x - 1 : x + 2].all(), "not in the hole"


def test_each_label_can_be_taken_on_its_first_frame_only(desk: Desk) -> None:
    both = STACK.copy()
    both[7, 2:9, 3:8] = 12
    take(desk, range(10), both.__getitem__, only_first=True)
    assert [*desk.document.said_about(9)] == [0]
    assert [*desk.document.said_about(12)] == [7]


def test_no_frame_is_read_once_all_wanted_labels_were_found(desk: Desk) -> None:
    read = []
    take(
        desk,
        range(10),
        lambda frame: read.append(frame) or STACK[frame],
        object_ids={4},
        only_first=True,
    )
    assert read == [0]


def test_labels_of_an_object_that_exists_are_painted_for_it(desk: Desk) -> None:
    desk.add(4)
    desk.say(4, 0, click(30, 40))
    take(desk, [0])
    assert desk.document.said(4, 0) == pack_mask(STACK[0] == 4)
    assert desk.document.objects[4].name == "Object 4"


def test_labels_whose_number_is_taken_can_become_new_objects(desk: Desk) -> None:
    desk.add(9)
    desk.say(9, 0, click(30, 40))
    take(desk, [0, 5], are_new=True, names={9: "fish"})
    assert desk.document.said(9, 0) == click(30, 40)
    assert list(desk.document.objects) == [4, 9, 10]
    assert desk.document.objects[10].name == "fish"
    assert desk.document.said_about(10) == {
        0: pack_mask(STACK[0] == 9),
        5: pack_mask(STACK[5] == 9),
    }
    assert desk.status.message == (
        "2 objects start from labels, 1 of them under another number, as theirs was "
        "taken."
    )


def test_new_numbers_stay_clear_of_labels_still_to_come(desk: Desk) -> None:
    desk.add(4)
    both = STACK.copy()
    both[5, 2:9, 3:8] = 10
    take(desk, [0, 5], both.__getitem__, are_new=True)
    assert {i: len(desk.document.said_about(i)) for i in desk.document.objects} == {
        4: 0, 9: 2, 10: 1, 11: 1,
    }  # fmt: skip


def test_labels_too_large_for_an_object_become_new_ones(desk: Desk) -> None:
    segments = STACK.astype(np.uint64)
    segments[STACK == 9] = 720575940621039145
    take(desk, [0, 5], segments.__getitem__, names={720575940621039145: "neuron"})
    assert {i: o.name for i, o in desk.document.objects.items()} == {
        4: "Object 4",
        5: "neuron",
    }
    assert desk.document.said_about(5).keys() == {0, 5}
    assert desk.status.message == (
        "2 objects start from labels, 1 of them under another number, as theirs was "
        "taken or too large."
    )


def test_locked_masks_are_kept(desk: Desk) -> None:
    desk.add(4)
    desk.say(4, 0, click(30, 40))
    desk.lock(4, 0)
    take(desk, [0, 5])
    assert desk.status.message == (
        "1 object starts from labels. 1 mask is locked and stays as before."
    )
    assert desk.center(4, 0) == pytest.approx((30, 40))
    assert list(desk.document.said_about(9)) == [0, 5]


def test_objects_that_have_divided_take_no_labels(desk: Desk) -> None:
    desk.add(9)
    desk.paint(9, 3, (STACK[0] == 9) | (STACK[5] == 9))
    desk.controller.dividing.divide(9, 3)
    take(desk, [0, 5])
    assert desk.status.message == (
        "2 objects start from labels. 1 mask is left out, where its object has divided "
        "or does not begin yet."
    )
    assert list(desk.document.said_about(9)) == [0]


def test_it_is_said_why_no_label_was_taken(desk: Desk) -> None:
    desk.add(9)
    desk.paint(9, 3, (STACK[0] == 9) | (STACK[5] == 9))
    desk.controller.dividing.divide(9, 3)
    desk.add(4)
    desk.paint(4, 5, STACK[5] == 9)
    desk.lock(4, 5)
    before = dict(desk.document.masks)
    take(desk, [5], lambda frame: np.where(STACK[frame] == 9, 9, 4))
    assert desk.status.message == (
        "Nothing was taken of these labels. 1 mask is left out, where its object has "
        "divided or does not begin yet. 1 mask is locked and stays as before."
    )
    assert dict(desk.document.masks) == before


def test_labels_are_read_on_the_lane_and_can_be_stopped(slow_desk: Desk) -> None:
    read = []

    def slowly(frame: int) -> np.ndarray:
        read.append(frame)
        return STACK[frame]

    take(slow_desk, range(10), slowly)
    assert read == []
    slow_desk.lane.step(4)
    assert slow_desk.status.activity is Activity.LOADING
    assert (slow_desk.status.progress.done, slow_desk.status.progress.total) == (1, 10)
    slow_desk.controller.stop()
    slow_desk.lane.finish()
    assert read == [0, 1]
    assert slow_desk.status.activity is Activity.IDLE
    assert list(slow_desk.document.objects) == [4, 9]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((40, 60), np.uint8), "There are no such labels on these frames"),
        (np.ones((40, 60)), "and type float64, but whole numbers of shape"),
        (np.ones((40, 60, 3), np.uint8), "have shape (40, 60, 3)"),
        (np.ones((4, 6), np.uint8), "have shape (4, 6)"),
    ],
)
def test_labels_that_cannot_be_taken_are_explained(desk, labels, message) -> None:
    take(desk, [0], lambda frame: labels)
    assert message in desk.status.message
    assert desk.status.activity is Activity.IDLE
    assert desk.document.objects == {}


def test_a_lost_file_is_explained(desk: Desk) -> None:
    def lost(frame: int) -> np.ndarray:
        raise OSError("the disk is gone")

    take(desk, [0], lost)
    assert desk.status.message == (
        "The labels of frame 0 could not be read: the disk is gone"
    )
