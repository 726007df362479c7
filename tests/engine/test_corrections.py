"""Prompts on tracked frames correct what was tracked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.errors import (
    NoPromptError,
    PromptError,
)
from napari_sam2.core.prompts import FramePrompts, PointPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import BLOB, LIMITS, Generated, by_object, said, three


def test_a_correction_sticks_and_changes_what_follows(tracker) -> None:
    before = by_object(three(tracker).propagate())
    corrected = tracker.add(PointPrompt(1, 3, (30, 30)))
    after = by_object(tracker.propagate(objects=[1]))[1]
    assert after[3] == said(corrected)
    assert after[3][7]
    assert after[:3] == before[1][:3] or after[1][4:7] != before[1][1][4:7]
    assert all(a[4:7] != b[4:7] for a, b in zip(after[4:], before[1][4:], strict=True))


def test_a_correction_looks_at_the_memory(tracker) -> None:
    """It starts from the tracked mask, so it differs from a first prompt."""
    three(tracker)
    list(tracker.propagate())
    corrected = tracker.add(PointPrompt(1, 4, (30, 30)))
    fresh = tracker.add(PointPrompt(8, 4, (30, 30)))
    assert said(corrected)[4:7] != said(fresh)[4:7]


def test_negative_points_alone_correct_a_tracked_frame(tracker) -> None:
    three(tracker)
    list(tracker.propagate(direction="forward"))
    result = tracker.add(PointPrompt(1, 4, (15, 14), positive=False))
    assert result.is_prompted
    with pytest.raises(NoPromptError, match="only negative"):
        tracker.add(PointPrompt(3, 1, (15, 14), positive=False))


def test_a_mask_that_the_session_forgot_can_be_handed_back(miniature) -> None:
    options = replace(EXACT, history_frames=1)
    tracker = VideoTracker(miniature, Generated(30), limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    list(tracker.propagate())
    assert 15 not in tracker._tracks[1].bank.recent
    click = FramePrompts(((30, 30),), (True,))
    with_it = tracker.set_prompts(1, 15, click, previous=BLOB)
    tracker.set_prompts(1, 15, FramePrompts())
    without = tracker.set_prompts(1, 15, click)
    assert said(with_it)[4:7] != said(without)[4:7]


def test_a_mask_of_another_session_can_be_corrected(tracker) -> None:
    only_negative = FramePrompts(((30, 30),), (False,))
    with pytest.raises(NoPromptError):
        tracker.set_prompts(1, 2, only_negative)
    assert tracker.set_prompts(1, 2, only_negative, previous=BLOB) is not None


@pytest.mark.parametrize("kind", [int, list, np.uint8])
def test_a_mask_handed_back_need_not_be_boolean(miniature, kind) -> None:
    said_of = []
    for mask in (BLOB, BLOB.tolist() if kind is list else BLOB.astype(kind)):
        tracker = VideoTracker(miniature, Generated(3), limits=LIMITS, options=EXACT)
        click = FramePrompts(((30, 30),), (True,))
        said_of.append(said(tracker.set_prompts(1, 2, click, previous=mask)))
    assert said_of[0] == said_of[1]


@pytest.mark.parametrize("shape", [(40, 47), (48, 40), (40,), (1, 40, 48)])
def test_a_mask_handed_back_must_fit(tracker, shape) -> None:
    click = FramePrompts(((30, 30),), (True,))
    with pytest.raises(PromptError, match="mask"):
        tracker.set_prompts(1, 0, click, previous=np.ones(shape, bool))
