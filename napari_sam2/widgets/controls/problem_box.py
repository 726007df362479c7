"""What went wrong, until it was read: selectable, with details that can be copied."""

from __future__ import annotations

import platform
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QPlainTextEdit, QStyle, QWidget

import napari_sam2
from napari_sam2.control import Topic, is_foreseen
from napari_sam2.widgets.controls.controls import button, column, row, switch, text

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 3
_LONGEST_OLD = 90
_DETAILS_HEIGHT = 120


def reading_seconds(sentence: str) -> float:
    """Return how long a sentence is left to be read before it may go by itself."""
    return 3.0 + 0.06 * len(sentence)


@dataclass(slots=True)
class _Entry:
    problem: Exception
    sentence: str
    topic: Topic | None
    since: float
    is_settled: bool = False

    @property
    def seconds_to_read(self) -> float:
        return reading_seconds(self.sentence) - (time.monotonic() - self.since)

    @property
    def is_read(self) -> bool:
        return self.is_settled and self.seconds_to_read <= 0

    @property
    def details(self) -> str:
        if is_foreseen(self.problem):
            return ""
        return "".join(traceback.format_exception(self.problem))


class ProblemBox(QWidget):
    """Shows the last problems: the newest, and how those before it begin.

    A problem goes when the user dismisses it. One that was foreseen also goes when the
    same is asked for again, or when anything else went well and there was time to read
    it. Of one topic only the newest is shown.

    Parameters
    ----------
    parent : QWidget, optional
    """

    changed = Signal()
    """There is a problem more, or less."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[_Entry] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._sweep)
        self._make_controls()
        self._lay_out()
        self._show()

    def _make_controls(self) -> None:
        self._icon = text()
        icon = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        self._icon.setPixmap(icon.pixmap(16, 16))
        self._sentences = text(name="sam2_problem")
        self._sentences.setTextFormat(Qt.TextFormat.PlainText)
        self._sentences.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setFixedHeight(_DETAILS_HEIGHT)
        self._details.setTabChangesFocus(True)
        self._details.setToolTip("What a report about this should contain")
        self.details_button = switch(
            "Details", "Show where in the program it happened", self._show
        )
        self.copy_button = button(
            "Copy", "Copy all of this, to send it to somebody", self._copy
        )
        self.dismiss_button = button(
            "Dismiss", "I have read this: take it away", self.clear
        )

    def _lay_out(self) -> None:
        head = row(self._icon, self._sentences)
        head.layout().setStretch(1, 1)
        head.layout().setAlignment(self._icon, Qt.AlignmentFlag.AlignTop)
        buttons = row(self.details_button, self.copy_button, self.dismiss_button)
        column(self, head, self._details, buttons)

    @property
    def sentences(self) -> str:
        """What is wrong, in full; empty when nothing is."""
        return "\n\n".join(entry.sentence for entry in self._entries)

    @property
    def details(self) -> str:
        """What a report should contain; empty when all was foreseen."""
        found = [entry.details for entry in self._entries if entry.details]
        return "\n".join([*found, _surroundings()]) if found else ""

    def add(
        self, problem: Exception, sentence: str, topic: Topic | None = None
    ) -> None:
        """Show another problem; the same sentence is not shown twice."""
        kept = [one for one in self._entries if one.sentence != sentence]
        if topic is not None:
            kept = [one for one in kept if one.topic is not topic]
        entry = _Entry(problem, sentence, topic, time.monotonic())
        self._entries = [entry, *kept][:_MOST]
        self._show()

    def begin(self, topic: Topic) -> None:
        """Let go what was foreseen and is asked for again."""
        self._keep(
            one
            for one in self._entries
            if one.topic is not topic or not is_foreseen(one.problem)
        )

    def settle(self) -> None:
        """Let go what was foreseen, once it was read: something went well since."""
        for entry in self._entries:
            entry.is_settled = entry.is_settled or is_foreseen(entry.problem)
        self._sweep()

    def clear(self) -> None:
        """Take everything away."""
        self._entries.clear()
        self.details_button.setChecked(False)
        self._show()

    def _sweep(self) -> None:
        self._keep(one for one in self._entries if not one.is_read)
        waiting = [one.seconds_to_read for one in self._entries if one.is_settled]
        if waiting:
            self._timer.start(max(1, round(1000 * min(waiting))))

    def _keep(self, entries: Iterable[_Entry]) -> None:
        kept = list(entries)
        if kept != self._entries:
            self._entries = kept
            self._show()

    def _show(self) -> None:
        details = self.details
        newest, *older = [one.sentence for one in self._entries] or [""]
        shown = "\n\n".join([newest, *map(_beginning, older)])
        self._sentences.setText(shown)
        self._sentences.setToolTip(self.sentences if shown != self.sentences else "")
        self._details.setPlainText(details)
        self.details_button.setVisible(bool(details))
        self._details.setVisible(bool(details) and self.details_button.isChecked())
        self.setVisible(bool(self._entries))
        self.changed.emit()

    def _copy(self) -> None:
        QApplication.clipboard().setText(f"{self.sentences}\n\n{self.details}".strip())


def _beginning(sentence: str) -> str:
    """Return as much of a sentence as says what it is about."""
    if len(sentence) <= _LONGEST_OLD:
        return sentence
    return f"{sentence[:_LONGEST_OLD].rsplit(maxsplit=1)[0]} …"


def _surroundings() -> str:
    return (
        f"napari-sam2 {napari_sam2.__version__}, Python {platform.python_version()}, "
        f"{platform.platform()}"
    )
