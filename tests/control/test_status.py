"""The board: what is shown, and how often its listeners are told."""

from __future__ import annotations

from napari_sam2.control.status import Activity, Status, StatusBoard, Topic
from napari_sam2.core.errors import PromptError


def test_what_is_asked_for_again_is_told_once_and_forgives() -> None:
    board, told = StatusBoard(), []
    board.complain(PromptError("There is no prompt."), Topic.RUN)
    board.changed.connect(told.append)

    board.begin(Topic.RUN)

    assert told == [Status(topic=Topic.RUN)]


def test_what_is_asked_for_leaves_what_went_well_to_be_read() -> None:
    board = StatusBoard()
    board.say("Saved: masks.tif")

    board.begin(Topic.RUN)

    assert board.now == Status(message="Saved: masks.tif", topic=Topic.RUN)


def test_what_is_hidden_by_other_work_is_said_again_behind_it() -> None:
    board = StatusBoard()
    board.show(activity=Activity.LOADING)
    board.say("Saved: masks.tif", is_to_be_read=True)
    board.show(activity=Activity.RUNNING)
    board.say("")  # as a run begins
    board.say("10 frames are done.")
    assert board.now.message == "Saved: masks.tif\n10 frames are done."
    board.show(activity=Activity.IDLE)
    board.say("Undone: Add point.")
    assert board.now.message == "Undone: Add point.", "it was read"


def test_what_goes_on_from_what_is_to_be_read_is_said_once() -> None:
    board = StatusBoard()
    board.show(activity=Activity.RUNNING)
    board.say("2 objects start from labels.", is_to_be_read=True)
    board.say(f"{board.now.message} Labels is hidden now.")
    assert board.now.message == "2 objects start from labels. Labels is hidden now."


def test_a_problem_ends_what_was_to_be_read() -> None:
    board = StatusBoard()
    board.show(activity=Activity.LOADING)
    board.say("Saved: masks.tif", is_to_be_read=True)
    board.complain(PromptError("There is no prompt."), Topic.RUN)
    board.say("10 frames are done.")
    assert board.now.message == "10 frames are done."
