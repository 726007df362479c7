"""Frames are held out in blocks, apart from those that are learnt from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.finetuning.split import split_frames

KNOWN = st.lists(st.integers(0, 400), unique=True, max_size=120).map(sorted)


def _held(split):
    return [frame for block in split.held_out for frame in block]


@given(KNOWN)
def test_a_frame_is_learnt_from_or_held_out_but_never_both(known):
    split = split_frames(known, known)
    assert not set(split.training) & set(_held(split))
    assert set(split.training) | set(_held(split)) <= set(known)
    assert len(split.training) >= min(len(known), 2)


@given(KNOWN.filter(lambda known: len(known) >= 3))
def test_something_is_held_out_in_blocks_without_a_gap(known):
    split = split_frames(known, known)
    assert 1 <= len(_held(split)) <= 16
    for block in split.held_out:
        at = known.index(block[0])
        assert list(block) == known[at : at + len(block)]


@given(KNOWN.filter(lambda known: len(known) >= 8))
def test_neighbours_of_held_out_frames_are_left_out(known):
    split = split_frames(known, known)
    assert not split.is_snug
    assert all(abs(a - b) > 1 for a in split.training for b in _held(split))


@given(KNOWN)
def test_spans_hold_the_frames_to_learn_from_and_none_that_is_held_out(known):
    split = split_frames(known, known)
    visited = {f for low, high in split.spans for f in range(low, high + 1)}
    assert set(split.training) <= visited
    assert not visited & set(_held(split))


def test_with_very_few_frames_the_measure_is_said_to_flatter():
    split = split_frames([0, 1, 2, 3], [0, 1, 2, 3])
    assert split.held_out == ((2,),)
    assert split.training == (0, 1, 3)
    assert split.is_snug


def test_two_frames_are_too_few_to_hold_any_out():
    assert split_frames([4, 5], [4, 5]).held_out == ()


def test_many_frames_are_held_out_in_two_places():
    split = split_frames(range(70), range(70))
    assert [block[0] for block in split.held_out] == [14, 49]
    assert [len(block) for block in split.held_out] == [7, 7]


@pytest.mark.parametrize(("every", "held"), [(1, 8), (2, 15), (5, 16), (25, 1)])
def test_frames_that_show_nothing_are_not_held_out_by_the_hundred(every, held):
    split = split_frames(range(2000), range(0, 2000, every))
    assert [len(block) for block in split.held_out] == [held, held]
    assert len(split.training) == 2000 - 2 * (held + 2)


@given(KNOWN, st.sets(st.integers(0, 400)))
def test_both_to_learn_from_and_to_measure_on_objects_are_shown(known, some):
    shown = [frame for frame in known if frame in some]
    split = split_frames(known, shown)
    assert bool(split.held_out) is (len(shown) >= 3)
    for block in split.held_out:
        assert {block[0], block[-1]} <= set(shown)
        assert list(block) == [f for f in known if block[0] <= f <= block[-1]]
    if split.held_out:
        assert set(split.training) & set(shown)
