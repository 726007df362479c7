"""Fine-tune: teach the model the masks that the user corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, LineEdit, SpinBox
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_sam2.layers.layer_file import image_name
from napari_sam2.widgets.controls.controls import button, column, row, text
from napari_sam2.widgets.controls.focus import focus_among
from napari_sam2.widgets.controls.forms import Form
from napari_sam2.widgets.panels.export_form import as_file_name
from napari_sam2.widgets.sessions.tuning import Tuner, Wish

if TYPE_CHECKING:
    from napari_sam2.control import Status
    from napari_sam2.finetuning.course import Report
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.sessions.session import Session

_EXPLANATION = (
    "Teaches the chosen model your own masks: those that you painted, corrected, "
    "accepted (K) or locked, on ten frames or more. Some are held out, and followed "
    "before and after: J, the overlap with your masks there, should rise."
)
_ENCODERS = [
    ("stays as it is (quick)", "frozen"),
    ("learns as well (wants a GPU)", "low-rank"),
]


class TuningPanel(QWidget):
    """Starts and stops fine-tuning, and shows how it goes.

    Parameters
    ----------
    session : Session
    links : Links
        Cut when the session ends.
    parent : QWidget, optional
    """

    def __init__(
        self, session: Session, links: Links, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = session.controller
        self.tuner = Tuner(session)
        self._is_ours = False
        self._make_form(as_file_name(image_name(session.image.layer)))
        self._make_progress()
        buttons = row(self.start_button, self.stop_button)
        self._explanation = text(_EXPLANATION)
        column(self, self._explanation, self._form, buttons, self._bar, self._note)
        links.connect(self.tuner.reported, self._on_reported)
        links.connect(self.tuner.ended, self._on_ended)
        links.connect(self._controller.status_changed, self._on_status_changed)
        self._on_status_changed(self._controller.status)

    def _make_form(self, name: str) -> None:
        self.name = LineEdit(
            label="Name", value=name, tooltip="What the tuned model is called"
        )
        self.minutes = SpinBox(
            label="Minutes",
            value=10,
            min=1,
            max=24 * 60,
            tooltip="Time at most; it ends earlier when it gets no better",
        )
        self.encoder = ComboBox(
            label="Encoder",
            choices=_ENCODERS,
            value="frozen",
            tooltip="The part of the model that looks at pictures: it may learn too, "
            "for images that are unlike photographs",
        )
        self._form = Form(self.name, self.minutes, self.encoder)
        tip = "Learn in the background; clicks are answered when it is over"
        self.start_button = button("Fine-tune", tip, self.start)
        tip = "Stop, and keep the best so far if it is better than before"
        self.stop_button = button("Stop (Esc)", tip, self._controller.stop)

    def _make_progress(self) -> None:
        self._bar = QProgressBar()
        self._bar.setToolTip("How much of the time is over")
        self._bar.hide()
        self._note = text(name="sam2_tuning")
        self._note.hide()

    @property
    def note(self) -> str:
        """How it goes, or what came of it."""
        return self._note.text()

    def start(self) -> None:
        """Fine-tune as the form says."""
        self._is_ours = True
        self._say("")
        minutes = float(self.minutes.value)
        name = as_file_name(str(self.name.value))
        self._bar.setRange(0, 0)
        self._bar.show()
        self.tuner.start(Wish(name, minutes, self.encoder.value))

    def _on_reported(self, report: Report) -> None:
        from napari_sam2.finetuning.wording import marks_in_words

        whole = round(report.seconds + report.seconds_left)
        self._bar.setRange(0, whole)
        self._bar.setValue(round(report.seconds) if whole else 0)
        self._bar.setFormat(f"step {report.step}")
        marks = marks_in_words(report)
        self._say(f"{report.doing}: {marks}" if marks else report.doing)

    def _on_ended(self, sentence: str) -> None:
        self._is_ours = False
        self._bar.hide()
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        self._note.setText(sentence)
        self._note.setVisible(bool(sentence))

    def _on_status_changed(self, status: Status) -> None:
        with focus_among(self.stop_button, self.start_button):
            self.stop_button.setEnabled(self._is_ours and status.is_busy)
            self.start_button.setEnabled(not status.is_busy)
