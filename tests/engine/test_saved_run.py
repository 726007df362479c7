"""A stopped run in a file goes on in another session, as if it had not been stopped."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import (
    CheckpointError,
    NoPromptError,
    OutputError,
    PromptError,
    Sam2Error,
)
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.window import WindowOptions
from tests.engine.stacks import BLOB, LIMITS, Generated, course
from tests.miniature import seeded_model

SAID = (
    PointPrompt(1, 4, (15, 12)),
    BoxPrompt(2, 2, (3, 4, 20, 22)),
    PointPrompt(1, 7, (16, 13)),
)
WINDOWED = TrackerOptions(window=WindowOptions(mode="on"), history_frames=3)


def prompted(model, options=EXACT, frames=12, said=SAID) -> VideoTracker:
    tracker = VideoTracker(model, Generated(frames), limits=LIMITS, options=options)
    for prompt in said:
        tracker.add(prompt)
    return tracker


@settings(max_examples=25)
@given(
    stop=st.integers(1, 18),
    direction=st.sampled_from(["both", "forward", "backward"]),
    options=st.sampled_from([EXACT, WINDOWED]),
)
def test_a_saved_run_goes_on_as_one_run(
    miniature, tmp_path_factory, stop, direction, options
) -> None:
    whole = course(prompted(miniature, options).propagate(direction=direction))
    path = tmp_path_factory.mktemp("run") / "run"
    before, after = prompted(miniature, options), prompted(miniature, options)
    run = before.propagate(direction=direction)
    parts = course(islice(run, stop))
    if before.is_paused:
        before.save_run(path)
        after.load_run(path)
        parts += course(after.resume())
    assert parts == whole
    assert not after.is_paused


def test_a_run_that_goes_on_is_saved_between_two_frames(miniature, tmp_path) -> None:
    before, saved = prompted(miniature), []
    for number, result in enumerate(before.propagate()):
        saved += course([result])
        if number == 5:
            before.save_run(tmp_path / "run")
    after = prompted(miniature)
    after.load_run(tmp_path / "run")
    assert course(after.resume()) == saved[6:]


def test_only_a_run_that_was_stopped_is_saved(miniature, tmp_path: Path) -> None:
    tracker = prompted(miniature)
    with pytest.raises(NoPromptError, match="No run was stopped"):
        tracker.save_run(tmp_path / "run")
    list(tracker.propagate())
    with pytest.raises(NoPromptError, match="No run was stopped"):
        tracker.save_run(tmp_path / "run")


@pytest.fixture
def saved(miniature, tmp_path: Path) -> Path:
    """Return a run that was stopped after three steps."""
    tracker = prompted(miniature)
    list(islice(tracker.propagate(), 3))
    tracker.save_run(tmp_path / "run")
    return tmp_path / "run"


def test_other_prompts_are_refused(miniature, saved: Path) -> None:
    moved = (PointPrompt(1, 4, (15, 13)), *SAID[1:])
    masked = (*SAID[:2], MaskPrompt(1, 7, BLOB))
    for said in (SAID[:2], moved, masked):
        tracker = prompted(miniature, said=said)
        with pytest.raises(PromptError, match="other prompts: say those first"):
            tracker.load_run(saved)
        assert not tracker.is_paused


def test_masks_are_told_from_others(miniature, tmp_path: Path) -> None:
    said = (MaskPrompt(1, 4, BLOB),)
    tracker = prompted(miniature, said=said)
    list(islice(tracker.propagate(), 3))
    tracker.save_run(tmp_path / "run")
    other = prompted(miniature, said=(MaskPrompt(1, 4, BLOB.T.repeat(2, 1)[:40, :48]),))
    with pytest.raises(PromptError, match="other prompts"):
        other.load_run(tmp_path / "run")
    same = prompted(miniature, said=said)
    same.load_run(tmp_path / "run")
    assert course(same.resume()) == course(tracker.resume())


def test_another_model_and_another_stack_are_refused(miniature, saved: Path) -> None:
    with pytest.raises(CheckpointError, match="another model"):
        prompted(seeded_model(memory_dim=16)).load_run(saved)
    with pytest.raises(CheckpointError, match="another model, miniature"):
        prompted(seeded_model(name="large")).load_run(saved)
    tracker = prompted(miniature, frames=13)
    with pytest.raises(CheckpointError, match="another stack"):
        tracker.load_run(saved)
    assert not tracker.is_paused
    assert course(tracker.propagate()) == course(
        prompted(miniature, frames=13).propagate()
    )


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_run_is_refused(miniature, tmp_path: Path, content) -> None:
    (tmp_path / "run").write_bytes(content)
    with pytest.raises(CheckpointError, match="holds no run that can be gone on with"):
        prompted(miniature).load_run(tmp_path / "run")


def test_a_run_that_is_not_there_is_refused(miniature, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        prompted(miniature).load_run(tmp_path / "none")


def test_a_folder_that_is_not_there_is_told(miniature, tmp_path: Path) -> None:
    tracker = prompted(miniature)
    list(islice(tracker.propagate(), 3))
    with pytest.raises(OutputError, match="run could not be written: No such file"):
        tracker.save_run(tmp_path / "none" / "run")
    with pytest.raises(Sam2Error, match="3 is no file: give its path"):
        tracker.save_run(3)
    with pytest.raises(Sam2Error, match="None is no file"):
        tracker.load_run(None)


def test_a_run_that_cannot_be_saved_leaves_the_one_before(
    miniature, saved: Path, full_disk
) -> None:
    tracker = prompted(miniature)
    list(islice(tracker.propagate(), 8))
    before = saved.read_bytes()
    full_disk(1000)
    with pytest.raises(OutputError, match="could not be written: File too large"):
        tracker.save_run(saved)
    assert saved.read_bytes() == before
    assert [one.name for one in saved.parent.iterdir()] == ["run"]
