"""What a session knows goes on in another one, to the bit, whatever was said before."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import CheckpointError, NoPromptError
from napari_sam2.core.prompts import FramePrompts, MaskPrompt, PointPrompt
from napari_sam2.engine.kept_runs import packed_session
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.kept_runs.test_saved_run import WINDOWED, prompted
from tests.engine.stacks import BLOB, LIMITS, Generated, course, said
from tests.miniature import seeded_model

PLENTY = 1 << 30


def fresh(model, options=EXACT, frames=12) -> VideoTracker:
    return VideoTracker(model, Generated(frames), limits=LIMITS, options=options)


def go_on(before: VideoTracker, after: VideoTracker, most=PLENTY) -> VideoTracker:
    packed = before.pack_session(most)
    assert packed is not None
    after.unpack_session(packed)
    return after


@settings(max_examples=15)
@given(
    stop=st.integers(1, 18),
    direction=st.sampled_from(["both", "forward", "backward"]),
    options=st.sampled_from([EXACT, WINDOWED]),
)
def test_a_run_goes_on_without_a_word_said_again(
    miniature, stop, direction, options
) -> None:
    whole = course(prompted(miniature, options).propagate(direction=direction))
    before = prompted(miniature, options)
    parts = course(islice(before.propagate(direction=direction), stop))
    if before.is_paused:
        after = go_on(before, fresh(miniature, options))
        parts += course(after.resume())
    assert parts == whole


def stopped(model, options=WINDOWED) -> VideoTracker:
    """Return a session whose answers hang on one another and on what was tracked."""
    tracker = prompted(model, options)
    list(tracker.propagate(frames=range(2, 9)))
    tracker.add(PointPrompt(1, 6, (17, 14)))
    tracker.add(PointPrompt(1, 6, (12, 14), positive=False))
    tracker.add(MaskPrompt(3, 5, BLOB))
    list(islice(tracker.propagate(), 5))
    return tracker


@pytest.mark.parametrize("options", [EXACT, WINDOWED])
def test_corrections_are_remembered_as_they_were_answered(miniature, options) -> None:
    before = stopped(miniature, options)
    after = go_on(before, fresh(miniature, options))
    assert after.object_ids == (1, 2, 3)
    correction = FramePrompts(points_yx=((15.0, 15.0),), positive=(True,))
    found = [one.set_prompts(2, 7, correction) for one in (before, after)]
    assert said(found[0]) == said(found[1])
    assert course(before.resume()) == course(after.resume())


def test_what_is_too_much_is_left_out_as_long_as_the_run_does_not_need_it(
    miniature,
) -> None:
    before = prompted(miniature, WINDOWED, frames=80)
    list(islice(before.propagate(direction="forward"), 60))
    bound = len(before.pack_session(PLENTY)) * 3 // 4
    bounded = before.pack_session(bound)
    assert bounded is not None
    assert len(bounded) < bound
    after = go_on(before, fresh(miniature, WINDOWED, frames=80), bound)
    assert course(before.resume()) == course(after.resume())
    assert stopped(miniature).pack_session(1000) is None


def test_what_only_corrections_look_at_is_kept_as_long_as_it_is_little(
    miniature, monkeypatch
) -> None:
    before = prompted(miniature, WINDOWED, frames=80)
    list(islice(before.propagate(direction="forward"), 60))
    whole = before.pack_session(PLENTY)
    monkeypatch.setattr(packed_session, "AMPLE_BYTES", len(whole) // 2)
    assert len(before.pack_session(PLENTY)) < len(whole)


def test_the_last_frame_is_corrected_as_before_although_much_is_left_out(
    miniature,
) -> None:
    before = prompted(miniature, WINDOWED, frames=80)
    run = list(islice(before.propagate(direction="forward"), 60))
    bound = len(before.pack_session(PLENTY)) * 3 // 4
    after = go_on(before, fresh(miniature, WINDOWED, frames=80), bound)
    correction = FramePrompts(points_yx=((15.0, 15.0),), positive=(True,))
    found = [one.set_prompts(1, run[-1].frame, correction) for one in (before, after)]
    assert said(found[0]) == said(found[1])


@pytest.mark.parametrize("frame", range(2, 8))
def test_other_pixels_of_any_frame_that_is_remembered_are_refused(
    miniature, frame
) -> None:
    class Edited(Generated):
        def __getitem__(self, index: int):
            return super().__getitem__(index) + 9 * (index == frame)

    packed = stopped(miniature).pack_session(PLENTY)
    edited = VideoTracker(miniature, Edited(12), limits=LIMITS, options=WINDOWED)
    with pytest.raises(CheckpointError, match=f"Frame {frame} is not as it was"):
        edited.unpack_session(packed)


def test_it_does_not_grow_with_the_length_of_the_run(miniature) -> None:
    sizes = []
    for count in (120, 250):
        tracker = prompted(miniature, frames=300)
        list(islice(tracker.propagate(direction="forward"), count))
        sizes.append(len(tracker.pack_session(PLENTY)))
    assert sizes[1] - sizes[0] < 100  # longer numbers of frames


def test_only_a_run_that_was_stopped_is_packed(miniature) -> None:
    with pytest.raises(NoPromptError, match="No run was stopped"):
        prompted(miniature).pack_session(PLENTY)


def test_another_model_and_another_stack_are_refused(miniature) -> None:
    packed = stopped(miniature).pack_session(PLENTY)
    others = (
        fresh(seeded_model(memory_dim=16), WINDOWED),
        fresh(seeded_model(name="large"), WINDOWED),
        fresh(miniature, WINDOWED, frames=13),
        VideoTracker(miniature, Generated(12, (20, 24)), limits=LIMITS),
    )
    for tracker in others:
        with pytest.raises(CheckpointError, match="begin anew"):
            tracker.unpack_session(packed)
        assert not tracker.is_paused
        assert tracker.object_ids == ()


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_session_is_refused(miniature, content) -> None:
    with pytest.raises(CheckpointError, match="damaged"):
        fresh(miniature).unpack_session(content)


@pytest.fixture(scope="module")
def whole() -> bytes:
    return stopped(seeded_model()).pack_session(PLENTY)


@settings(max_examples=60)
@given(data=st.data())
def test_damage_is_refused_or_harmless(miniature, whole, data) -> None:
    packed = bytearray(whole)
    at = data.draw(st.integers(0, min(len(packed), 6000) - 1))
    packed[at] = data.draw(st.integers(0, 255))
    tracker = fresh(miniature, WINDOWED)
    try:
        tracker.unpack_session(bytes(packed))
    except CheckpointError:
        assert tracker.object_ids == ()


def test_sessions_go_on_apart(miniature) -> None:
    before = stopped(miniature)
    packed = before.pack_session(PLENTY)
    list(go_on(before, fresh(miniature, WINDOWED)).resume())
    assert before.pack_session(PLENTY) == packed
