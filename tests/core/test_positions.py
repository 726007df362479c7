"""Positions along the axes that are neither followed nor part of a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.frames.layout import frame_layout
from napari_sam2.core.positions import NOWHERE, choose_positions

TZYX = axes_from_shape((12, 5, 30, 40), "tzyx")


def test_every_time_point_is_a_position_in_order():
    positions = choose_positions(TZYX, [("t", None)])
    assert list(positions) == [(t,) for t in range(12)]
    assert len(positions) == 12
    assert positions.describe((3,)) == "t = 3 of 12"
    assert positions.first == (0,)


def test_a_part_of_an_axis_and_where_prompts_are():
    positions = choose_positions(TZYX, [("t", range(2, 6))], {"t": 4, "z": 1})
    assert list(positions) == [(2,), (3,), (4,), (5,)]
    assert positions.first == (4,)
    assert (6,) not in positions
    assert positions.number((5,)) == 5  # among all that the stack has


def test_a_position_fixes_its_axes_in_the_layout():
    axes = axes_from_shape((2, 12, 5, 30, 40), "mtzyx")
    positions = choose_positions(axes, [("t", None), ("m", None)])
    assert positions.describe((1, 7)) == "m = 1 of 2, t = 7 of 12"
    layout = frame_layout(axes, "z", positions.at((1, 7)))
    assert layout.fixed == ((0, 1), (1, 7))


def test_axes_without_a_name_of_their_own_go_by_number():
    axes = axes_from_shape((2, 3, 5, 30, 40), "qqqyx")
    positions = choose_positions(axes, [("0", None), ("1", None)])
    layout = frame_layout(axes, 2, positions.at((1, 2)))
    assert layout.fixed == ((0, 1), (1, 2))


def test_prompts_say_where_they_are_or_are_at_the_first_position():
    positions = choose_positions(TZYX, [("t", None)], {"t": 4})
    assert positions.locate({"t": 7}, "Object 1") == (7,)
    assert positions.locate({}, "Object 1") == (4,)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ({"z": 2}, "Object 1 is prompted at z = 2, but positions are along t"),
        ({"t": 12}, "positions along T \\(12\\) are 0 to 11"),
    ],
)
def test_prompts_elsewhere_are_told(at, words):
    positions = choose_positions(TZYX, [("t", None)])
    with pytest.raises(PromptError, match=words):
        positions.locate(at, "Object 1")


@pytest.mark.parametrize(
    ("every", "at", "words"),
    [
        ([("w", None)], {}, "no axis w"),
        ([("t", None), ("0", None)], {}, "twice"),
        ([("t", range(3, 13))], {}, "all of them are 0:12"),
        ([("t", range(3, 3))], {}, "all of them are 0:12"),
        ([("t", range(3, 6))], {"t": 0}, "Prompts are at t = 0"),
    ],
)
def test_positions_that_there_are_none_of(every, at, words):
    with pytest.raises(StackError, match=words):
        choose_positions(TZYX, every, at)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_positions_are_counted_in_order(sizes):
    axes = axes_from_shape((*sizes, 8, 9), "mtc"[: len(sizes)] + "yx")
    every = [(axis.name, None) for axis in axes[:-2]]
    positions = choose_positions(axes, every)
    assert [positions.number(one) for one in positions] == list(range(len(positions)))
    assert all(one in positions for one in positions)
    assert [positions[i] for i in range(len(positions))] == list(positions)


def test_positions_are_numbered_among_those_that_are_worked_through():
    axes = axes_from_shape((4, 9, 8, 9), "mtyx")
    positions = choose_positions(axes, [("m", range(1, 3)), ("t", range(2, 5))])
    assert positions[4] == (2, 3)
    assert NOWHERE[0] == ()
    for number in (-1, 6):
        with pytest.raises(IndexError, match="among 6"):
            positions[number]
