"""A mouse and a keyboard at a real window: events come from the X server, by xdotool.

Positions are those of the data. Where they are on the screen is worked out from what is
public: the camera, the canvas that Qt knows, the layer's transform.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QPoint, QTimer
from qtpy.QtWidgets import (
    QApplication,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from napari_sam2.control import Activity
from napari_sam2.widgets.timeline.timeline import Timeline
from tests.widgets.screen import NO_SCREEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_sam2.state import Document
    from napari_sam2.widgets.dock import Sam2Dock
    from napari_sam2.widgets.sessions.session import Session

NO_HANDS = NO_SCREEN or (
    "" if shutil.which("xdotool") else "there is a screen, but xdotool is not installed"
)
"""Why there is no mouse, or an empty string."""

_STEPS = 8
_PATIENCE_SECONDS = 60.0


@dataclass
class Hands:
    """Does at the window what a user does.

    Attributes
    ----------
    viewer : napari.Viewer
    dock : Sam2Dock
    """

    viewer: Any
    dock: Sam2Dock

    @property
    def session(self) -> Session:
        """What belongs to the image that is worked on."""
        session = self.dock.sessions.current
        assert session is not None
        return session

    @property
    def document(self) -> Document:
        """What the user has said, and what was found."""
        return self.session.document

    @property
    def canvas(self) -> QWidget:
        """The widget that shows the picture."""
        # vispy's name for it is not public, but what OpenGL is drawn on is.
        shown = [
            one
            for one in self.dock.window().findChildren(QWidget)
            if one.inherits("QOpenGLWidget") and one.isVisible()
        ]
        (canvas,) = shown
        return canvas

    def spot(self, y: float, x: float) -> QPoint:
        """Return where a data position of the displayed frame is on the screen."""
        layer = self.session.image.layer
        camera = getattr(self.viewer, "scene", self.viewer).camera  # as of napari 0.9
        point = list(layer.world_to_data(self.viewer.dims.point[-layer.ndim :]))
        point[-2:] = y, x
        world = layer.data_to_world(point)
        canvas = self.canvas
        across = (world[-1] - camera.center[-1]) * camera.zoom + canvas.width() / 2
        down = (world[-2] - camera.center[-2]) * camera.zoom + canvas.height() / 2
        return canvas.mapToGlobal(QPoint(round(across), round(down)))

    def click(self, y: float, x: float, button: int = 1) -> None:
        """Click a data position."""
        self.move_to(self.spot(y, x))
        self.do("click", button)

    def drag(self, points_yx: Sequence[tuple[float, float]]) -> None:
        """Press at the first data position, go through all, release at the last."""
        spots = [self.spot(y, x) for y, x in points_yx]
        self.move_to(spots[0])
        self.do("mousedown", 1)
        for start, end in pairwise(spots):
            for step in range(1, _STEPS + 1):
                self.move_to(start + (end - start) * (step / _STEPS))
        self.do("mouseup", 1)

    def press(self, keys: str) -> None:
        """Press keys, named as xdotool names them."""
        self.do("key", keys)

    def write(self, text: object) -> None:
        """Type into whatever has the focus."""
        self.do("type", "--delay", 10, text)

    def press_button(self, text: str, *, within: QWidget | None = None) -> None:
        """Click the button of the dock, or of a part of it, with this text."""
        self.click_widget(self.find_button(text, within=within))

    def put_first_steps_away(self) -> None:
        """Click away what the dock says when it is opened for the first time."""
        for one in self.dock.findChildren(QPushButton):
            if one.text() == "Got it" and one.isVisible():
                self.click_widget(one)

    def find_button(self, text: str, *, within: QWidget | None = None) -> QPushButton:
        """Return the button of the dock, or of a part of it, with this text."""
        buttons = (within or self.dock).findChildren(QPushButton)
        found = [b for b in buttons if b.text() == text]
        (button,) = [b for b in found if b.isVisible()]
        return button

    def choose_from_menu(self, text: str, words: str) -> None:
        """Open the menu of a button, and choose the entry that contains some words."""
        button = self.find_button(text)
        self.reveal(button)
        # A menu of a button holds up whoever presses it until it is closed.
        QTimer.singleShot(300, lambda: self._choose(button.menu(), words))
        self.click_widget(button)

    def _choose(self, menu: QMenu, words: str) -> None:
        (entry,) = [one for one in menu.actions() if words in one.text()]
        at = menu.mapToGlobal(menu.actionGeometry(entry).center())
        subprocess.Popen(
            ["xdotool", "mousemove", str(at.x()), str(at.y()), "click", "1"]
        )

    def click_widget(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget, in its middle or at a position of its own."""
        self.reveal(widget)
        self.move_to(widget.mapToGlobal(at or widget.rect().center()))
        self.do("click", 1)

    def spot_in_strip(self, object_id: int, frame: int) -> QPoint:
        """Return where an object's frame is in the review strip, on the screen."""
        strip = self.strip
        self.reveal(strip)
        for y in range(strip.height()):
            for x in range(strip.width()):
                if strip.place_at(x, y) == (object_id, frame):
                    return strip.mapToGlobal(QPoint(x + 1, y + 4))
        raise LookupError(f"object {object_id}, frame {frame} is not in the strip")

    @property
    def strip(self) -> Timeline:
        """The review strip."""
        (strip,) = self.dock.findChildren(Timeline)
        return strip

    def fold(self, title: str) -> None:
        """Click the title of a part of the dock."""
        titles = self.dock.findChildren(QToolButton)
        (title_button,) = [
            one for one in titles if one.text().replace("&", "").startswith(title)
        ]
        self.click_widget(title_button)

    def reveal(self, widget: QWidget) -> None:
        """Scroll the dock as far as needed to see a widget."""
        parent = widget.parentWidget()
        while parent is not None:
            if hasattr(parent, "ensureWidgetVisible"):
                parent.ensureWidgetVisible(widget)
            parent = parent.parentWidget()
        self.rest(0.02)

    def move_to(self, spot: QPoint) -> None:
        """Move the mouse to a position of the screen."""
        self.do("mousemove", spot.x(), spot.y(), rest=0.03)

    def wait(
        self, condition: Callable[[], object], *, seconds: float = _PATIENCE_SECONDS
    ) -> None:
        """Wait until something holds, and fail when it does not come to hold."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("what was waited for in the window did not come")
            self.rest(0.01)

    def wait_idle(self, *, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until nothing is computed any more, and what was found is painted."""
        controller = self.session.controller
        self.wait(lambda: controller.status.activity is Activity.IDLE, seconds=seconds)
        self.rest(0.1)

    def rest(self, seconds: float) -> None:
        """Let the window work."""
        end = time.monotonic() + seconds
        while True:
            QApplication.processEvents()
            if time.monotonic() >= end:
                return
            time.sleep(0.002)

    def do(self, *words: object, rest: float = 0.1) -> None:
        """Let xdotool do something, and the window answer it."""
        process = subprocess.Popen(["xdotool", *map(str, words)])
        while process.poll() is None:
            self.rest(0.002)
        self.rest(rest)
