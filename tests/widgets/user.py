"""Someone at the window: short verbs for what users do, and a fake tracker."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from napari_sam2.control import Activity
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.quality import EXACT
from napari_sam2.engine.position_trackers import PositionTrackers
from napari_sam2.widgets.dock import Sam2Dock
from tests.control.fake_tracker import FakeFactory, FakeTracker

SHAPE = (10, 40, 60)


class PacedTracker(FakeTracker):
    """Goes on to the next frame when a test says so, if it is told to wait."""

    def __init__(self, request, gate: threading.Semaphore | None) -> None:
        super().__init__(request)
        self.gate = gate

    def like_me(self, request):
        made = PacedTracker(request, self.gate)
        made.fail_at = self.fail_at if len(request.frames) == len(self.frames) else {}
        return made

    def propagate(self, **options):
        for result in super().propagate(**options):
            if self.gate is not None:
                self._wait(options["token"])
            yield result

    def _wait(self, token) -> None:
        while not self.gate.acquire(timeout=0.02):
            if token.is_cancelled:
                return


class PacedFactory(FakeFactory):
    def __init__(self) -> None:
        super().__init__()
        self.gate: threading.Semaphore | None = None
        self.fail_at: dict[int, BaseException] = {}
        self.automatic = EXACT

    def __call__(self, request, token):
        for item in super().__call__(request, token):
            if isinstance(item, FakeTracker):
                item = self._paced(request)
                self.made[-1] = item
            yield item

    def _paced(self, request) -> PacedTracker | PositionTrackers:
        frames = request.frames
        if isinstance(frames, AllFrames):
            return PositionTrackers(
                frames.positions,
                frames.open_frames,
                lambda seen: self._paced(replace(request, frames=seen)),
                quality=EXACT,
                precision="float32",
                limits=request.limits or as_limits(0, 1),
            )
        is_pair = len(frames) == 2  # of the same frame at two positions: not waited for
        made = PacedTracker(request, None if is_pair else self.gate)
        made.fail_at = self.fail_at
        if request.quality == "auto":
            made.quality = self.automatic
        return made


@dataclass
class User:
    """Someone at the window."""

    viewer: Any
    qtbot: Any
    factory: PacedFactory = field(default_factory=PacedFactory)
    dock: Sam2Dock | None = None

    def open_image(self, shape=SHAPE, **options) -> Any:
        return self.viewer.add_image(np.zeros(shape, np.uint8), **options)

    def open_dock(self) -> Sam2Dock:
        self.dock = Sam2Dock(self.viewer, make_tracker=self.factory)
        if hasattr(self.viewer, "window"):
            self.frame = self.viewer.window.add_dock_widget(self.dock, name="SAM 2")
        else:
            self.dock.show()
        self.wait_idle()
        return self.dock

    @property
    def session(self):
        return self.dock.sessions.current

    @property
    def document(self):
        return self.session.document

    @property
    def status(self):
        return self.session.controller.status

    def click(self, frame: int, y: float, x: float) -> None:
        """Add a point as a click in the points layer does."""
        self.session.position.go_to(frame)
        self.session.prompts.points.add([frame, y, x])

    def follow(self, frame: int = 3) -> None:
        """Click an object on a frame, and carry it through the whole stack."""
        self.click(frame, 20, 30)
        self.wait_mask(1, frame)
        self.dock.workbench.track.run()
        count = self.document.frame_count
        self.wait(lambda: self.document.frames_covered(1) == count)
        self.wait_idle()

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def wait_idle(self) -> None:
        self.wait(lambda: self.session is None or self.status.activity is Activity.IDLE)

    def mask(self, object_id: int, frame: int):
        return self.document.masks.get((object_id, frame))

    def wait_mask(self, object_id: int, frame: int) -> None:
        self.wait(lambda: self.mask(object_id, frame) is not None)

    def shown(self, frame: int) -> np.ndarray:
        self.session.masks.apply()
        return np.asarray(self.session.masks.layer.data[frame])


def lane_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("napari-sam2")]
