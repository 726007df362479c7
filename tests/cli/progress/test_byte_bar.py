"""The bar shows on a terminal, vanishes when done, and is silent elsewhere."""

from __future__ import annotations

import io

import pytest

from napari_sam2.cli.progress.byte_bar import bar_line, watch
from napari_sam2.core.cancel import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def steps():
    yield Progress(0, 100, "downloading toy")
    yield Progress(100, 100, "downloading toy")
    return "outcome"


def test_a_terminal_sees_the_bar_come_and_go():
    terminal = Terminal()
    assert watch(steps(), terminal) == "outcome"
    drawn = terminal.getvalue()
    assert "downloading toy [" in drawn
    *_, last, end = drawn.split("\r")
    assert last.strip() == end == ""


def test_a_file_sees_nothing():
    stream = io.StringIO()
    assert watch(steps(), stream) == "outcome"
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_the_work_is_closed_when_something_interrupts(stream):
    closed = []

    def interrupted():
        try:
            yield Progress(0, 100, "")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        watch(interrupted(), stream)
    assert closed


def test_a_line_tells_share_and_sizes():
    line = bar_line(Progress(78_000_000, 156_000_000, "downloading sam2.1-tiny"))
    assert (
        line
        == "downloading sam2.1-tiny [############            ] 50%, 78 MB of 156 MB"
    )


def test_nothing_to_do_is_done():
    assert "100%" in bar_line(Progress(0, 0, ""))
