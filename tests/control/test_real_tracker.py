"""The real tracker and the bundled model behind the same controller."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from napari_sam2.control import Activity, Controller, InlineLane, TrackerRequest
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.model.sam2 import Sam2Model
from napari_sam2.state import Document, History, Settings, edits
from tests.conftest import discs
from tests.control.conftest import click
from tests.drawn import drawn


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


@pytest.fixture
def truth() -> tuple[np.ndarray, np.ndarray]:
    return discs(5, (64, 64))


@pytest.fixture
def controller(nano: Sam2Model, truth) -> Controller:
    def make_tracker(
        request: TrackerRequest, token: CancelToken
    ) -> Iterator[Progress | VideoTracker]:
        yield Progress(0, 0, "Loading")
        yield VideoTracker(nano, request.frames, limits=request.limits)

    stack = truth[0]
    history = History(Document(frame_count=len(stack), shape_hw=stack.shape[1:]))
    return Controller(
        history,
        Settings(),
        ArrayFrames(stack),
        lane=InlineLane(),
        make_tracker=make_tracker,
    )


def test_click_paint_run_correct_and_undo(controller: Controller, truth) -> None:
    document, history, labels = controller.document, controller.history, truth[1]
    for object_id in (1, 2):
        history.do(edits.add_object(document, object_id))
    y, x = (float(v) for v in np.argwhere(labels[0] == 1).mean(0))
    history.do(edits.set_prompts(document, 1, 0, click(y, x)))
    assert overlap(drawn(document, 0) == 1, labels[0] == 1) > 0.7
    history.do(edits.paint_mask(document, 2, 2, labels[2] == 2))

    controller.run()
    assert controller.status.message == "Track 2 objects: 5 frames are done."
    for frame in range(5):
        for object_id in (1, 2):
            mask = document.masks.get((object_id, frame)).mask.mask
            assert overlap(mask, labels[frame] == object_id) > 0.6
    assert document.masks.get((2, 2)).mask == pack_mask(labels[2] == 2)

    tracked = dict(document.masks.items())
    history.do(edits.set_prompts(document, 1, 4, click(y, x + 8, positive=False)))
    assert controller.status.problem is None
    assert document.masks.get((1, 4)).beneath == tracked[1, 4]
    history.undo()
    assert dict(document.masks.items()) == tracked
    history.undo()
    assert len(document.masks) == 2
    controller.run()
    assert controller.status.problem is None
    assert len(document.masks) == 10


def test_clicks_refine_a_painting_with_a_model_that_cannot(
    controller: Controller, truth
) -> None:
    """The bundled model takes no mask as a start: clicks alone would forget it."""
    document, history, labels = controller.document, controller.history, truth[1]
    whole = labels[0] == 1
    y, x = np.argwhere(whole).mean(0)
    half = whole & (np.arange(64) < x)
    history.do(edits.add_object(document, 1))
    history.do(edits.paint_mask(document, 1, 0, half))
    history.do(edits.set_prompts(document, 1, 0, click(y, x + 3)))
    refined = document.masks.get((1, 0)).mask.mask
    assert (refined & half).sum() == half.sum()
    assert overlap(refined, whole) > overlap(half, whole) + 0.1


def test_what_the_engine_refuses_is_shown(controller: Controller) -> None:
    document, history = controller.document, controller.history
    history.do(edits.add_object(document, 1))
    history.do(edits.set_prompts(document, 1, 0, click(9, 9, positive=False)))
    assert "only negative points" in controller.status.message
    assert controller.status.activity is Activity.IDLE
