"""Follows an object with the dock until it is killed; see :mod:`tests.widgets.killed`.

Run as ``python -m tests.widgets.run_until_killed IMAGE [network]``. Every frame takes a
moment, and it says again and again how many masks are in the recovery file.
"""

from __future__ import annotations

import sys
import threading

from napari.components import ViewerModel
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_sam2.control.runs import run_keeper
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import autosave_pace
from napari_sam2.widgets.dock import Sam2Dock
from tests.widgets.real_tracker import RealFactory
from tests.widgets.user import PacedFactory

_FRAME_MS = 30
_NETWORK_FRAME_MS = 400


def main() -> None:
    application = QApplication([])
    autosave_pace.SECONDS_BETWEEN = 0.1  # rather than half a minute
    run_keeper.FIRST_SECONDS, run_keeper.SECONDS_BETWEEN = 0.0, 0.1
    has_network = "network" in sys.argv[2:]
    factory = RealFactory() if has_network else PacedFactory()
    factory.gate = threading.Semaphore(0)
    viewer = ViewerModel()
    array, described, _ = image_layer(open_stack(sys.argv[1]))
    viewer.add_image(array, **described)
    dock = Sam2Dock(viewer, make_tracker=factory)
    dock.projects._timer.setInterval(20)
    session = dock.sessions.current
    session.prompts.points.add([0, 20, 30])
    while not session.document.masks.get((1, 0)):
        application.processEvents()
    pace = QTimer(dock)
    pace.timeout.connect(factory.gate.release)
    pace.timeout.connect(lambda: tell_what_is_written(dock))
    pace.start(_NETWORK_FRAME_MS if has_network else _FRAME_MS)
    dock.workbench.track.run_button.click()
    application.exec()


def tell_what_is_written(dock: Sam2Dock) -> None:
    """Say how many masks are written, once the writing that was begun is done."""
    if dock.projects.keeper.autosave.has_changes:
        return
    count = len(dock.sessions.current.document.masks)

    def nothing(token):
        yield

    dock.projects._files.submit(nothing, on_done=lambda: print(count, flush=True))


if __name__ == "__main__":
    main()
