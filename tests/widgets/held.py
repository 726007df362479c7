"""A tracker that stays where a test wants it: while loading, answering or running."""

from __future__ import annotations

import threading
import time

from napari_sam2.control import Activity
from napari_sam2.core.cancel import CancelToken
from tests.control.fake_tracker import FakeTracker
from tests.widgets.user import PacedFactory, User

STATES = {
    "idle": Activity.IDLE,
    "loading": Activity.LOADING,
    "answering": Activity.ANSWERING,
    "running": Activity.RUNNING,
}
_LONGEST_STEP_S = 0.3  # of work that cannot be interrupted


class HeldTracker(FakeTracker):
    def __init__(self, request, factory: HeldFactory) -> None:
        super().__init__(request)
        self.factory = factory

    def set_prompts(self, *args, **options):
        self.factory.wait("answering", None)
        return super().set_prompts(*args, **options)

    def propagate(self, **options):
        for result in super().propagate(**options):
            yield result
            self.factory.wait("running", options["token"])


class HeldFactory(PacedFactory):
    """Waits in one state until it is let go or told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.state = "idle"
        self.is_let_go = threading.Event()

    def wait(self, state: str, token: CancelToken | None) -> None:
        deadline = time.monotonic() + _LONGEST_STEP_S
        while state == self.state and not self.is_let_go.wait(0.005):
            if token is None and time.monotonic() > deadline:
                return
            if token is not None and token.is_cancelled:
                return

    def __call__(self, request, token):
        for item in super().__call__(request, token):
            if isinstance(item, FakeTracker):
                self.wait("loading", token)
                item = HeldTracker(request, self)
                self.made[-1] = item
            yield item


def bring_to(user: User, state: str) -> None:
    """Have something found on two frames, and then the work of ``state`` going on."""
    factory = HeldFactory()
    user.factory = factory
    user.open_image(name="cells")
    user.open_dock()
    user.click(0, 20, 30)
    user.click(1, 20, 30)
    user.wait_mask(1, 0)
    user.wait_mask(1, 1)
    user.wait_idle()
    factory.state = state
    if state == "loading":
        user.dock.settings.device = "cpu"  # so that another tracker is needed
    if state in ("loading", "answering"):
        user.click(2, 20, 30)
    elif state == "running":
        user.dock.workbench.track.run()
    user.wait(lambda: user.status.activity is STATES[state])


def let_go(user: User) -> None:
    user.factory.state = "idle"
    user.factory.is_let_go.set()
