"""The bar tells how far, how fast and how long; only to those who watch."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.cli.progress.frame_bar import FrameBar, frame_line
from napari_sam2.cli.wording import frame_ranges, human_rate, human_time
from napari_sam2.core.cancel import Progress
from napari_sam2.core.wording import counted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_the_bar_come_and_go():
    terminal = Terminal()
    with FrameBar(2, "tracking", terminal) as bar:
        bar.show(1)
    drawn = terminal.getvalue()
    assert "tracking [" in drawn
    *_, last, end = drawn.split("\r")
    assert last.strip() == end == ""


def test_a_file_sees_nothing():
    stream = io.StringIO()
    with FrameBar(2, "tracking", stream) as bar:
        bar.show(1)
    assert stream.getvalue() == ""


def test_nothing_is_drawn_where_there_is_nothing_to_draw_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with FrameBar(2, "tracking") as bar:
        bar.show(1)


def test_the_bar_goes_when_the_work_fails():
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), FrameBar(2, "x", terminal):
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\r")


def test_a_line_tells_speed_and_time_left():
    line = frame_line(Progress(35, 70, "tracking"), 7.0)
    bar = "#" * 12 + " " * 12
    assert line == f"tracking [{bar}] 35 of 70, 5.0 frames/s, 0:07 left"
    assert frame_line(Progress(0, 70, "tracking"), 0.0).endswith("0 of 70")


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.4, "0:04"), (750, "12:30"), (11100, "3:05:00")]
)
def test_times(seconds, text):
    assert human_time(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(250.3, "250 frames/s"), (8.26, "8.3 frames/s"), (0.05, "3.0 frames/min")],
)
def test_rates(rate, text):
    assert human_rate(rate) == text


@given(st.sets(st.integers(0, 60), min_size=1))
def test_ranges_name_every_frame_once(frames):
    named: list[int] = []
    for part in frame_ranges(frames).split(", "):
        first, _, last = part.partition("–")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(frames)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (counted(1, "mask"), "1 mask"), (counted(0, "mask"), "0 masks"),
        (counted(2, "box", "boxes"), "2 boxes"), (counted(1, "box", "boxes"), "1 box"),
    ],
)  # fmt: skip
def test_things_are_counted_as_people_count_them(text, said) -> None:
    assert text == said
