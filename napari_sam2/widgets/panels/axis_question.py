"""What becomes of prompts when the user chooses another axis: asked, not assumed."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.layers.image_axes import axis_word
from napari_sam2.widgets.controls.controls import button, column, row, text

if TYPE_CHECKING:
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.widgets.sessions.session import Session


_WITH_POINTS = (
    "There are prompts along {now}. What becomes of them along {then}? Points can be "
    "taken along. Boxes and masks stay with {now}, and are there again when you choose "
    "{now}."
)
_WITHOUT_POINTS = (
    "There is work along {now}, but no points, and only those can be taken along to "
    "{then}. The rest stays with {now}, and is there again when you choose {now}."
)


class Decision(Enum):
    """What becomes of what was said along the axis that was followed so far."""

    KEEP = "keep"
    """Its points come along, and all of it is there again when one goes back."""
    DROP = "drop"
    """It is withdrawn; masks that were found stay as a labels layer of their own."""
    STAY = "stay"
    """Nothing, because the axis stays as well."""


class AxisQuestion(QWidget):
    """Asks in the dock; the viewer and the dock can be used meanwhile.

    Parameters
    ----------
    parent : QWidget, optional
    """

    answered = Signal(object, object)
    """The ImageSource that was asked about, and a Decision."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: ImageSource | None = None
        self._words = text()
        self.keep_button = button("Keep prompts", "Take the points along", self._keep)
        self.drop_button = button("Drop prompts", "Begin anew", self._drop)
        self.stay_button = button("Cancel", "Go on along the same axis", self._stay)
        buttons = row(self.keep_button, self.drop_button, self.stay_button)
        column(self, self._words, buttons)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether an answer is due."""
        return self._source is not None

    def ask(self, session: Session, source: ImageSource) -> None:
        """Ask what becomes of a session when ``source`` is followed instead."""
        self._source = source
        now, then = _along(session.image), _along(source)
        has_points = any(one.points_yx for one in session.document.prompts.values())
        words = _WITH_POINTS if has_points else _WITHOUT_POINTS
        self._words.setText(words.format(now=now, then=then))
        self.keep_button.setToolTip(
            "Take the points along, to where they lie in the image"
            if has_points
            else f"Begin along {then}, and keep what there is along {now}"
        )
        self.drop_button.setToolTip(
            f"Begin anew along {then}; masks along {now} stay as a layer of their own"
        )
        self.stay_button.setToolTip(f"Go on along {now}")
        self.show()
        self.keep_button.setFocus()

    def withdraw(self) -> None:
        """Ask no longer, because it does not matter any more."""
        self._source = None
        self.hide()

    def _keep(self) -> None:
        self._answer(Decision.KEEP)

    def _drop(self) -> None:
        self._answer(Decision.DROP)

    def _stay(self) -> None:
        self._answer(Decision.STAY)

    def _answer(self, decision: Decision) -> None:
        source = self._source
        self.withdraw()
        if source is not None:
            self.answered.emit(source, decision)


def _along(source: ImageSource) -> str:
    axis = source.frame_axis
    return "the picture" if axis is None else axis_word(source.axes[axis])
