"""What went wrong is shown until it is read, or until it is out of date."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Topic
from napari_sam2.core.errors import Sam2Error
from napari_sam2.widgets.controls import problem_box
from napari_sam2.widgets.controls.problem_box import ProblemBox

LONG = "No frame has a mask to learn from yet: " + "at least three are needed. " * 8


@pytest.fixture
def box(qtbot) -> ProblemBox:
    made = ProblemBox()
    qtbot.addWidget(made)
    return made


def add(box: ProblemBox, sentence: str, topic: Topic | None = None) -> None:
    box.add(Sam2Error(sentence), sentence, topic)


def test_of_one_topic_only_the_newest_is_shown(box: ProblemBox) -> None:
    add(box, "No such folder.", Topic.EXPORT)
    add(box, "No such model.", Topic.MODEL)
    add(box, "The disk is full.", Topic.EXPORT)
    assert box.sentences.split("\n\n") == ["The disk is full.", "No such model."]


def test_what_belongs_to_nothing_is_kept_beside_each_other(box: ProblemBox) -> None:
    add(box, "GFP was removed.")
    add(box, "RFP was removed.")
    add(box, "RFP was removed.")
    assert box.sentences.split("\n\n") == ["RFP was removed.", "GFP was removed."]


def test_what_is_asked_for_again_takes_its_problem_away(box: ProblemBox) -> None:
    add(box, "No such folder.", Topic.EXPORT)
    add(box, "No such model.", Topic.MODEL)
    box.begin(Topic.EXPORT)
    assert box.sentences == "No such model."
    box.begin(Topic.MODEL)
    assert box.isHidden()


def test_a_bug_is_not_taken_away_by_another_try(box: ProblemBox) -> None:
    box.add(ValueError("shapes differ"), "shapes differ", Topic.RUN)
    box.begin(Topic.RUN)
    assert box.sentences == "shapes differ"
    assert "ValueError" in box.details


def test_what_went_wrong_elsewhere_goes_once_it_was_read(
    box: ProblemBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(box, "No such folder.", Topic.EXPORT)
    box.settle()
    assert box.sentences
    monkeypatch.setattr(problem_box, "reading_seconds", lambda _: 0.0)
    box.settle()
    assert not box.sentences


def test_only_the_newest_problem_takes_many_lines(box: ProblemBox) -> None:
    add(box, LONG, Topic.TUNING)
    label = box._sentences
    assert label.text() == LONG
    assert not label.toolTip()
    add(box, "The disk is full.", Topic.EXPORT)
    newest, older = label.text().split("\n\n")
    assert newest == "The disk is full."
    assert LONG.startswith(older.removesuffix(" …"))
    assert len(older) <= 92
    assert LONG in label.toolTip()
    assert LONG in box.sentences
