"""Where the keyboard is: it stays where it is of use when buttons come and go."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator


def focus_picture(window: QWidget) -> None:
    """Have the keys of the picture work, as a click on it does.

    Parameters
    ----------
    window : QWidget
        The one that shows it; what OpenGL is drawn on is the picture.
    """
    for one in window.findChildren(QWidget):
        if one.inherits("QOpenGLWidget") and one.isVisible():
            one.setFocus()
            return


@contextmanager
def focus_among(*buttons: QPushButton) -> Iterator[None]:
    """Enable and disable buttons; when the one with the focus goes, another has it.

    Qt gives it to whatever comes next, which is then pressed instead.

    Parameters
    ----------
    *buttons : QPushButton
        The first one that is enabled then gets it.
    """
    had_focus = any(map(_has_focus, buttons))
    yield
    enabled = [one for one in buttons if one.isEnabled()]
    if had_focus and enabled and not any(map(_has_focus, enabled)):
        enabled[0].setFocus()


class ReturningFocus:
    """Disables buttons for a while, and brings the focus back that one of them had.

    Parameters
    ----------
    *buttons : QPushButton
    """

    def __init__(self, *buttons: QPushButton) -> None:
        self._buttons = buttons
        self._lost: QPushButton | None = None
        self._taken_by: QWidget | None = None

    def set_enabled(self, is_enabled: bool) -> None:
        """Enable or disable all of them."""
        focused = next(filter(_has_focus, self._buttons), None)
        for one in self._buttons:
            one.setEnabled(is_enabled)
        now = self._buttons[0].window().focusWidget()
        if focused is not None and not is_enabled:
            self._lost, self._taken_by = focused, now
        elif self._lost is not None and is_enabled:
            if now is self._taken_by:  # nobody went on from there
                self._lost.setFocus()
            self._lost = self._taken_by = None


def _has_focus(one: QWidget) -> bool:
    """Whether keys come to it as soon as its window is in front."""
    return one.window().focusWidget() is one
