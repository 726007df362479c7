"""The place of the timeline: as high as its rows, up to a limit, and then scrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFrame, QScrollArea

if TYPE_CHECKING:
    from napari_sam2.state.document import Document
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.timeline.timeline import Timeline

_MAX_HEIGHT = 160


class TimelineArea(QScrollArea):
    """Shows the rows of all objects, or as many as there is room for.

    Parameters
    ----------
    timeline : Timeline
    document : Document
        What the timeline shows.
    links : Links
        Cut when the session ends.
    """

    def __init__(self, timeline: Timeline, document: Document, links: Links) -> None:
        super().__init__()
        self._timeline = timeline
        self._document = document
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the timeline has it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(timeline)
        # Once a new row has its place, which Qt gives it a moment later.
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._show_chosen_row)
        self._fit()
        links.connect(document.objects_changed, self._fit)
        links.connect(document.selection_changed, lambda _: self._settling.start())
        links.at_end(self._settling.stop)

    def _fit(self, _: object = None) -> None:
        self.setFixedHeight(min(_MAX_HEIGHT, self._timeline.sizeHint().height() + 2))

    def _show_chosen_row(self) -> None:
        middle = self._timeline.middle_of(self._document.selected)
        if middle is not None:
            self.ensureVisible(0, middle, 0, self._timeline.row_height)
