"""A session that many tests of the engine begin with."""

from __future__ import annotations

import pytest

from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.model.sam2 import Sam2Model
from tests.engine.stacks import LIMITS, Generated


@pytest.fixture
def tracker(miniature) -> VideoTracker:
    """Return a session without objects over eight frames."""
    return VideoTracker(miniature, Generated(8), limits=LIMITS, options=EXACT)


@pytest.fixture
def encoded(monkeypatch) -> list[int]:
    """Return a list of how many images were encoded at once, call by call."""
    calls: list[int] = []
    encode = Sam2Model.encode_image

    def counting(self, images):
        calls.append(len(images))
        return encode(self, images)

    monkeypatch.setattr(Sam2Model, "encode_image", counting)
    return calls
