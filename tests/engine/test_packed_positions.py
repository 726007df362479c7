"""A run at many positions goes on in another session as if it was the same."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import CheckpointError, NoPromptError
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.positions import Positions
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine import position_shelf
from napari_sam2.engine.setting_up import set_up_tracker
from tests.engine.stacks import course
from tests.engine.test_position_trackers import (
    BOX,
    CLICK,
    LIMITS,
    POSITIONS,
    SLICES,
    TIMES,
    frames_at,
)
from tests.miniature import seeded_model

PLENTY = 1 << 30


def fresh(model):
    return set_up_tracker(model, AllFrames(POSITIONS, frames_at), limits=LIMITS)


def told(model):
    """Return trackers that know of objects at three positions, one of them run."""
    trackers = fresh(model)
    trackers.set_prompts(1, SLICES, CLICK)
    trackers.set_prompts(1, 5 * SLICES + 2, CLICK)
    list(trackers.propagate(frames=range(5 * SLICES, 6 * SLICES)))
    trackers.set_prompts(1, 5 * SLICES + 3, FramePrompts(((30.0, 10.0),), (False,)))
    trackers.set_prompts(2, 3 * SLICES + 1, BOX)
    trackers.set_prompts(3, 3 * SLICES, CLICK)
    return trackers


def go_on(before, after):
    after.unpack_session(before.pack_session(PLENTY))
    return after


@pytest.mark.parametrize("most_kept", [1, 2, 4])
@pytest.mark.parametrize("stop_after", [1, SLICES, SLICES + 2, 2 * SLICES + 3])
def test_a_run_goes_on_at_the_position_where_it_was(
    miniature, monkeypatch, stop_after: int, most_kept: int
) -> None:
    monkeypatch.setattr(position_shelf, "MOST_KEPT", most_kept)
    before = told(miniature)
    run = before.propagate()
    found = course(islice(run, stop_after))
    after = go_on(before, fresh(miniature))
    assert after.is_paused
    assert course(after.resume()) == course(run)
    assert len(found) == stop_after


def test_a_run_at_one_position_goes_on_and_the_others_are_known(miniature) -> None:
    before, here = told(miniature), range(3 * SLICES, 4 * SLICES)
    run = before.propagate(frames=here)
    next(run)
    after = go_on(before, fresh(miniature))
    assert course(after.resume()) == course(run)
    assert course(after.propagate()) == course(before.propagate())


def test_what_was_said_is_taken_back_in_the_other_session(miniature) -> None:
    before = told(miniature)
    next(before.propagate())
    after = go_on(before, fresh(miniature))
    for trackers in (before, after):
        trackers.remove_object(2)
        trackers.set_prompts(1, 5 * SLICES + 3, FramePrompts())
    assert course(after.propagate()) == course(before.propagate())


def test_what_is_too_much_is_not_packed(miniature) -> None:
    trackers = told(miniature)
    with pytest.raises(NoPromptError, match="No run was stopped"):
        trackers.pack_session(PLENTY)
    next(trackers.propagate())
    assert trackers.pack_session(5000) is None


@pytest.fixture(scope="module")
def whole() -> bytes:
    trackers = told(seeded_model())
    next(trackers.propagate())
    return trackers.pack_session(PLENTY)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_harmless(miniature, whole, data) -> None:
    packed = bytearray(whole)
    packed[data.draw(st.integers(0, 1500))] = data.draw(st.integers(0, 255))
    trackers = fresh(miniature)
    try:
        trackers.unpack_session(bytes(packed))
    except CheckpointError:
        assert not trackers.is_paused


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x02\0\0\0\0\0\0\0{}"])
def test_what_is_no_session_is_refused(miniature, content: bytes) -> None:
    with pytest.raises(CheckpointError, match="damaged"):
        fresh(miniature).unpack_session(content)


def test_other_positions_are_refused(miniature, whole: bytes) -> None:
    few = Positions((Axis("t", TIMES - 3),), (0,), (range(TIMES - 3),), (0,))
    trackers = set_up_tracker(miniature, AllFrames(few, frames_at), limits=LIMITS)
    with pytest.raises(CheckpointError, match="another stack"):
        trackers.unpack_session(whole)
