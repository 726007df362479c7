"""A tracker with a network for someone at the window, who says when it goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

from napari_sam2.core.cancel import Progress
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.tracker import VideoTracker
from tests.miniature import seeded_model


class PacedVideoTracker(VideoTracker):
    """Hands a frame over when a test says so, if it is told to wait."""

    gate: threading.Semaphore | None = None

    def propagate(self, **options):
        return self._paced(super().propagate(**options), options["token"])

    def resume(self, *, token=None):
        return self._paced(super().resume(token=token), token)

    def _paced(self, results, token) -> Iterator:
        with closing(results):
            for result in results:
                while self.gate is not None and not self.gate.acquire(timeout=0.02):
                    if token.is_cancelled:
                        break
                yield result


class RealFactory:
    """Makes trackers of a miniature network, which is the same every time."""

    def __init__(self) -> None:
        self.gate: threading.Semaphore | None = None
        self._model = seeded_model()

    def __call__(self, request, token) -> Iterator[Progress | VideoTracker]:
        yield Progress(0, 0, f"Loading {request.model}")
        made = set_up_tracker(self._model, request.frames, limits=request.limits)
        made.__class__ = PacedVideoTracker
        made.gate = self.gate
        yield made
