"""A stopped run in a file goes on in another session, as if it had not been stopped."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import (
    CheckpointError,
    FrameError,
    NoPromptError,
    OutputError,
    PromptError,
    Sam2Error,
)
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.core.quality import Quality
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions
from napari_sam2.model.sam2 import Sam2Model
from tests.engine.stacks import BLOB, LIMITS, Generated, course
from tests.miniature import MINIATURE, seeded_model

SAID = (
    PointPrompt(1, 4, (15, 12)),
    BoxPrompt(2, 2, (3, 4, 20, 22)),
    PointPrompt(1, 7, (16, 13)),
)
WINDOWED = TrackerOptions(window=WindowOptions(mode="on"), history_frames=3)
FORGETFUL = replace(EXACT, history_frames=2)


def prompted(model, options=EXACT, frames=12, said=SAID, limits=LIMITS) -> VideoTracker:
    source = Generated(frames) if isinstance(frames, int) else frames
    tracker = VideoTracker(model, source, limits=limits, options=options)
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
    with pytest.raises(CheckpointError, match="other weights"):
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


def refused(tracker: VideoTracker, saved: Path, sentence: str, **how) -> None:
    """Check that a session refuses a run, and stays as it was."""
    with pytest.raises(CheckpointError, match=re.escape(sentence)):
        tracker.load_run(saved, **how)
    assert not tracker.is_paused


def test_other_weights_of_the_same_name_are_refused(saved: Path) -> None:
    tuned = seeded_model()
    with torch.no_grad():
        tuned.sam_mask_decoder.iou_token.weight += 0.01
    refused(
        prompted(tuned),
        saved,
        f"The run in {saved} was begun with other weights that are called alike, or by "
        "another backend: load the model as it was, or begin anew.",
    )


def test_another_image_size_is_refused(saved: Path) -> None:
    smaller = seeded_model(MINIATURE.at_size(32))
    refused(
        prompted(smaller),
        saved,
        "begun with frames shown to the model as 64 × 64 pixels, and here they are "
        "32 × 32: load the model with image_size=64, or begin anew.",
    )


def test_another_precision_is_refused(miniature, saved: Path, monkeypatch) -> None:
    tracker = prompted(miniature)
    monkeypatch.setattr(Sam2Model, "precision", "bfloat16")
    refused(
        tracker,
        saved,
        "begun with products in float32, and here they are in bfloat16: go on in the "
        "same quality, on a machine that rounds as that one did, or begin anew.",
    )


def test_other_options_are_refused(miniature, saved: Path) -> None:
    for options, name in (
        (replace(EXACT, hole_area=8), "hole_area"),
        (replace(EXACT, quality=Quality(recent_frames=1)), "recent_frames"),
        (replace(EXACT, window=WindowOptions(mode="on")), "window"),
    ):
        sentence = f"begun with other options ({name}): give those, or begin anew."
        refused(prompted(miniature, options), saved, sentence)


def test_options_that_change_no_mask_may_be_others(miniature, saved: Path) -> None:
    whole = course(prompted(miniature).propagate())
    options = replace(EXACT, history_frames=20, prefetch_frames=1)
    tracker = prompted(miniature, options)
    tracker.load_run(saved)
    assert course(tracker.resume()) == whole[3:]


def test_other_limits_are_refused(miniature, saved: Path) -> None:
    refused(
        prompted(miniature, limits=as_limits(0, 3)),
        saved,
        "begun with intensities from 0 to 2 as black and white, and here they are from "
        "0 to 3: give those as limits, or begin anew.",
    )


class Edited(Generated):
    """Frames of which some are others than they were."""

    def __init__(self, *frames: int) -> None:
        super().__init__(24)
        self.edited = frames

    def __getitem__(self, frame: int) -> np.ndarray:
        pixels = super().__getitem__(frame)
        if frame in self.edited:
            pixels[30, 40] += 1
        return pixels


def forgetful(model, *edited: int) -> VideoTracker:
    return prompted(model, FORGETFUL, Edited(*edited), SAID[1:2])


@pytest.fixture
def long(miniature, tmp_path: Path) -> Path:
    """Return a run that was stopped after a while, of which few are remembered."""
    tracker = forgetful(miniature)
    list(islice(tracker.propagate(direction="forward"), 19))  # frames 2 to 20
    tracker.save_run(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("frame", [2, 19, 20])
def test_an_image_that_was_edited_where_the_run_looks_back_is_refused(
    miniature, long: Path, frame: int
) -> None:
    tracker = forgetful(miniature, frame)
    sentence = f"Frame {frame} is not as it was when the run in {long} came by"
    refused(tracker, long, sentence)


def test_an_image_that_was_edited_long_before_is_found_where_all_is_compared(
    miniature, long: Path
) -> None:
    sentence = "Frame 12 is not as it was"
    refused(forgetful(miniature, 12), long, sentence, compares_all=True)
    few = forgetful(miniature, 12)
    few.load_run(long)
    assert len(few.frames.read) < 12
    few.save_run(long)  # what the run saw before it was gone on with is not forgotten
    refused(forgetful(miniature, 12), long, sentence, compares_all=True)


def test_what_the_run_has_not_seen_may_be_others(miniature, long: Path) -> None:
    tracker = forgetful(miniature, 0, 1, 21, 23)
    tracker.load_run(long, compares_all=True)
    assert tracker.is_paused


def test_a_frame_that_was_mended_since_is_gone_on_with(miniature, tmp_path) -> None:
    whole = course(prompted(miniature).propagate(direction="forward"))
    before = prompted(miniature, frames=Generated(12, broken=[9]))
    with pytest.raises(FrameError):
        list(before.propagate(direction="forward"))
    before.save_run(tmp_path / "run")
    after = prompted(miniature)
    after.load_run(tmp_path / "run", compares_all=True)
    assert course(after.resume()) == whole[7:]


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
