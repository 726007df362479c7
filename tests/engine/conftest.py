"""A session that many tests of the engine begin with."""

from __future__ import annotations

import pytest

from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import LIMITS, Generated


@pytest.fixture
def tracker(miniature) -> VideoTracker:
    """Return a session without objects over eight frames."""
    return VideoTracker(miniature, Generated(8), limits=LIMITS, options=EXACT)
