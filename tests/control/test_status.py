"""The board: what is shown, and how often its listeners are told."""

from __future__ import annotations

from napari_sam2.control.status import Status, StatusBoard, Topic
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
