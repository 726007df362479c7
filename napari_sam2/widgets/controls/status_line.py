"""One line that says what is going on, and one place where errors are shown."""

from __future__ import annotations

from dataclasses import replace

from napari.utils.notifications import notification_manager, show_warning
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_sam2.control import Activity, Status, Topic, explain, is_foreseen
from napari_sam2.widgets.controls.activity_bar import ActivityBar
from napari_sam2.widgets.controls.beat import Beat
from napari_sam2.widgets.controls.controls import column, text
from napari_sam2.widgets.controls.problem_box import ProblemBox

_READY = "Ready."
_MARGIN = 4  # as the parts above have it
_WORDS = {
    Activity.LOADING: "Loading…",
    Activity.RUNNING: "Computing…",
    Activity.STOPPING: "Finishing this frame…",
}


class StatusLine(QWidget):
    """Shows a :class:`napari_sam2.control.Status`.

    What went wrong stays above it until it was read. How far things have come is also
    shown in napari's activity dock, which moves a picture all the time, but only where
    this is not seen.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problems = ProblemBox()
        self._line = text(name="sam2_status")
        self._bar = QProgressBar()
        self._bar.setToolTip("How far the present work has come")
        self._bar.setTextVisible(True)
        self._last: dict[str, Status] = {}
        self._activity = ActivityBar(self)
        self._status = Status()
        self._beat = Beat(self._show, parent=self)
        column(self, self.problems, self._bar, self._line)
        self.layout().setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        self.problems.changed.connect(self._show_readiness)
        self.show_status(Status())

    @property
    def message(self) -> str:
        """All that is written: what went wrong, and what is going on."""
        return f"{self.problems.sentences}\n{self._line.text()}".strip()

    @property
    def is_busy(self) -> bool:
        """Whether there is something to stop."""
        return self._last["work"].is_busy

    def show_status(self, status: Status) -> None:
        """Show what is going on; a new problem is also told to napari."""
        before, self._status = self._status, status
        if status.is_busy and _only_goes_on(before, status):
            self._beat.soon()
        else:
            self._beat.now()
        self.show_problem(status)

    def show_problem(self, status: Status, source: str = "work") -> None:
        """Show what went wrong, for ``source``: its progress may be shown elsewhere."""
        before = self._last.get(source, Status())
        self._last[source] = status
        problem = status.problem
        if problem is None:
            if status.topic is not None:
                self.problems.begin(status.topic)
            has_news = status.message not in ("", before.message)
            if has_news or before.problem is not None:
                self.problems.settle()
        elif problem is not before.problem:
            self.complain(problem, status.topic, status.message)

    def say(self, sentence: str) -> None:
        """Show a sentence that is no problem; an empty one ends those before it."""
        self._write(sentence or _sentence(self._last["work"]))

    def mention(self, sentence: str) -> None:
        """Say something that is not worth hiding what is being worked on."""
        if not self.is_busy:
            self.say(sentence)

    def complain(
        self, problem: Exception, topic: Topic | None = None, sentence: str = ""
    ) -> None:
        """Show a problem until it was read, and tell napari."""
        self.problems.add(problem, sentence or explain(problem), topic)
        announce(problem)

    def begin(self, topic: Topic) -> None:
        """Take away what went wrong with something that is asked for again."""
        self.problems.begin(topic)

    def close_activity(self) -> None:
        """Leave nothing in napari's activity dock."""
        self._activity.close()

    def _write(self, sentence: str) -> None:
        self._line.setText(sentence)
        self._show_readiness()

    def _show_readiness(self) -> None:
        """Say "Ready." where there is nothing else to say, but not below a problem."""
        if self._line.text() in ("", _READY):
            self._line.setText("" if self.problems.sentences else _READY)

    def _show(self) -> None:
        status = self._status
        self._write(_sentence(status))
        self._bar.setVisible(status.is_busy)
        if status.is_busy:
            self._show_progress(status)
        is_elsewhere = status.is_busy and not self.isVisible()
        self._activity.show(status.progress if is_elsewhere else None)

    def _show_progress(self, status: Status) -> None:
        now = status.progress
        total = now.total if now is not None else 0
        done = now.done if now is not None else 0
        # Bars paint themselves on the spot, apart from what else changes with them.
        self._bar.setUpdatesEnabled(False)
        # Without an end it stays empty: Qt would move it all the time.
        self._bar.setRange(0, total or 1)
        self._bar.setValue(done if total else 0)
        self._bar.setFormat(_pace(status))
        self._bar.setUpdatesEnabled(True)


def announce(problem: Exception) -> None:
    """Tell napari: our own errors as a sentence, bugs with their traceback."""
    if is_foreseen(problem):
        show_warning(f"SAM 2: {explain(problem)}")
    else:
        notification_manager.receive_error(
            type(problem), problem, problem.__traceback__
        )


def _only_goes_on(before: Status, now: Status) -> bool:
    """Whether nothing is new but how far it has come."""
    was, this = before.progress, now.progress
    if was is None or this is None or was.label != this.label:
        return False
    return before == replace(
        now,
        progress=was,
        frames_per_second=before.frames_per_second,
        seconds_left=before.seconds_left,
    )


def _sentence(status: Status) -> str:
    label = status.progress.label if status.progress is not None else ""
    if label and status.activity is Activity.LOADING:
        return label
    if label and status.activity is Activity.RUNNING:
        return f"{label}…"
    said = status.message if status.problem is None else ""
    return _WORDS.get(status.activity, said)


def _pace(status: Status) -> str:
    """Return the text in the bar: "%v of %m · 2.3 frames/s · 12 s left"."""
    if status.progress is None or not status.progress.total:
        return ""
    parts = [f"%v of %m {status.progress.unit}".strip()]
    if status.frames_per_second:
        parts.append(f"{status.frames_per_second:.2g} frames/s")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Write a time for people: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
