"""Somebody at work, whose document is saved as they go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sam2.control import InlineLane
from napari_sam2.core.unfinished_run import UnfinishedRun
from napari_sam2.project.autosave import Autosave
from napari_sam2.project.recovery import find_recoverable
from napari_sam2.state import edits
from tests.project.projects import SHAPE_HW, example, new_document


class Desk:
    """A document that is saved as somebody works on it."""

    def __init__(self, folder: Path, lane=None) -> None:
        self.folder = folder
        self.now = 1000.0
        self.header = example()
        self.steps = example().contents.steps
        self.left: UnfinishedRun | None = None
        self.document = new_document(example())
        self.lane = InlineLane() if lane is None else lane
        self.problems: list[Exception] = []
        self.autosave = Autosave(
            self.document,
            lambda: self.header,
            lambda: self.steps,
            lane=self.lane,
            left=lambda: self.left,
            folder=folder,
            clock=lambda: self.now,
        )
        self.autosave.failed.connect(self.problems.append)

    def paint(self, frame: int, object_id: int = 1) -> None:
        mask = np.zeros(SHAPE_HW, bool)
        mask[2 : 3 + frame, 5:20] = True
        self.document.apply(edits.paint_mask(self.document, object_id, frame, mask))

    def crash(self) -> None:
        """Let go of the file as a process that dies does."""
        self.autosave.close(keep=True)

    def assert_recovered(self) -> None:
        (found,) = find_recoverable(self.folder)
        contents = found.read().contents
        assert contents.objects == self.document.objects
        assert contents.prompts == self.document.prompts
        assert contents.masks == dict(self.document.masks.items())
        assert contents.steps == self.steps


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "state" / "recovery")
