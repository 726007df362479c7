"""The strip that shows all objects on all frames; a click goes there.

Of a stack with many positions, it shows the frames of the one that is displayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_sam2.io.pictures.palette import object_colour
from napari_sam2.widgets.controls.beat import Beat
from napari_sam2.widgets.timeline.strip import Strip, pooled
from napari_sam2.widgets.timeline.strip_painter import RowPictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtpy.QtCore import QRect
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from napari_sam2.state import Document, Reviewer
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.timeline.strip import StripRow

_ROW = 16
_GAP = 3
_MARGIN = 16
_GROOVE_OPACITY = 30
# Cells read per painting: a few milliseconds, or some more where masks lie on disk.
_CELLS = 1000
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Timeline(QWidget):
    """One row per object, one column per frame, coloured by confidence.

    Parameters
    ----------
    document : Document
    reviewer : Reviewer
        Asked about doubts as of its last refresh.
    links : Links
        Cut when the session ends.
    name_frame : callable, optional
        Names a frame: "frame 3".
    parent : QWidget, optional
    """

    frame_chosen = Signal(int)
    object_chosen = Signal(int)

    def __init__(
        self,
        document: Document,
        reviewer: Reviewer,
        links: Links,
        *,
        name_frame: Callable[[int], str] = "frame {}".format,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name_frame = name_frame
        self._document = document
        self._reviewer = reviewer
        self._strip = Strip(document, reviewer)
        self._pictures = RowPictures()
        self._frame = 0
        self._beat = Beat(self.update, parent=self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline of all objects")
        links.connect(document.objects_changed, self._on_objects_changed)
        links.connect(document.masks_changed, self.refresh)
        links.connect(document.prompts_changed, self._on_prompts_changed)
        links.connect(document.selection_changed, self._on_selection_changed)
        self._on_objects_changed()

    def show_frame(self, frame: int) -> None:
        """Mark the frame that is displayed."""
        self._frame = frame
        self.update()

    def refresh(self, frames: Iterable[int]) -> None:
        """Read these frames anew when the strip is next painted."""
        self._strip.distrust(frames)
        self._pictures.clear()
        self._beat.soon()

    def sizeHint(self) -> QSize:
        """Return the size that shows all rows."""
        return QSize(200, max(1, len(self._strip.object_ids)) * (_ROW + _GAP) + _GAP)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(80, self.sizeHint().height())

    def place_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the (object_id, frame) at a position in the widget, or None."""
        number = int((y - _GAP / 2) // (_ROW + _GAP))
        if not 0 <= number < len(self._strip.object_ids):
            return None
        share, span = (x - _MARGIN) / max(1, self._strip_width), self._span
        column = min(max(int(share * len(span)), 0), len(span) - 1)
        return self._strip.object_ids[number], span[column]

    @property
    def row_height(self) -> int:
        """Pixels from one row to the next."""
        return _ROW + _GAP

    def middle_of(self, object_id: int | None) -> int | None:
        """Return where the row of an object is, in pixels from the top."""
        if object_id not in self._strip.object_ids:
            return None
        return int((self._strip.object_ids.index(object_id) + 0.5) * (_ROW + _GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows that are seen, as far as they have been read."""
        rows = self._rows_in(event.rect())
        ids = (object_id for _, object_id in rows)
        is_more_left = self._strip.update(ids, _CELLS, self._span)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._strip.object_ids:
            for number, object_id in rows:
                self._paint_row(painter, object_id, _GAP + number * (_ROW + _GAP))
            self._paint_now(painter)
        else:
            self._paint_hint(painter)
        painter.end()
        if is_more_left:
            self._pictures.clear()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the object and go to the frame; of several in a pixel, the worst."""
        place = self.place_at(event.position().x(), event.position().y())
        if place is not None:
            object_id, frame = place
            several = len(self._span) // self._strip_width + 1
            stop = min(frame + several, self._span.stop)
            worst = self._strip.worst_frame(object_id, range(frame, stop))
            self.object_chosen.emit(object_id)
            self.frame_chosen.emit(worst)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is down."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            place = self.place_at(event.position().x(), event.position().y())
            if place is not None:
                self.frame_chosen.emit(place[1])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys."""
        step = _STEPS.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        span = self._span
        self.frame_chosen.emit(min(max(self._frame + step, span.start), span.stop - 1))

    def event(self, event: QEvent) -> bool:
        """Explain the cell under the pointer."""
        if event.type() == QEvent.Type.ToolTip:
            place = self.place_at(event.pos().x(), event.pos().y())
            words = "" if place is None else self.describe(*place)
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return bool(super().event(event))

    def describe(self, object_id: int, frame: int) -> str:
        """Say what is known about an object on a frame."""
        name = self._document.get_object(object_id).name
        words = f"{name}, {self._name_frame(frame)}: "
        mask = self._document.masks.get((object_id, frame))
        if mask is None:
            return words + "nothing is known yet"
        state = "absent" if mask.mask.is_absent else f"{mask.mask.area} pixels"
        words += f"{mask.origin.value}, {state}"
        if not mask.is_protected:
            words += f", expected overlap {mask.predicted_iou:.0%}"
        words += ", accepted" if mask.is_reviewed else ""
        doubt = self._reviewer.on_frame(frame).get(object_id)
        return "\n".join((words, *(doubt.reasons if doubt is not None else ())))

    @property
    def _span(self) -> range:
        """The frames that are shown."""
        return self._document.series_of(self._frame)

    @property
    def _strip_width(self) -> int:
        return max(1, self.width() - _MARGIN)

    def _rows_in(self, area: QRect) -> list[tuple[int, int]]:
        """Return (number, object_id) of the rows that reach into an area."""
        first = max(0, (area.top() - _GAP) // (_ROW + _GAP))
        last = area.bottom() // (_ROW + _GAP)
        ids = self._strip.object_ids
        return [(n, ids[n]) for n in range(first, min(last + 1, len(ids)))]

    def _on_objects_changed(self, _: object = None) -> None:
        self._strip.follow_objects()
        self._pictures.clear()
        self.updateGeometry()
        self.update()

    def _on_prompts_changed(self, places: frozenset[tuple[int, int]]) -> None:
        self.refresh(frame for _, frame in places)

    def _on_selection_changed(self, _: object = None) -> None:
        self.update()

    def _paint_hint(self, painter: QPainter) -> None:
        painter.setPen(self.palette().text().color())
        words = "Masks appear here, frame by frame"
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)

    def _paint_row(self, painter: QPainter, object_id: int, top: int) -> None:
        is_selected = object_id == self._document.selected
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*object_colour(object_id)))
        inset = 2 if is_selected else 4
        side = _ROW - 2 * inset
        painter.drawEllipse(QRectF(inset, top + inset, side, side))
        strip = QRectF(_MARGIN, top, self._strip_width, _ROW)
        groove = self.palette().text().color()  # seen in light and dark themes
        groove.setAlpha(_GROOVE_OPACITY)
        painter.setBrush(groove)
        painter.drawRect(strip)
        span = self._span
        key = object_id, span.start

        def read() -> StripRow:
            return pooled(self._strip.row(object_id, span), self._strip_width)

        self._pictures.paint(painter, key, read, strip)
        if is_selected:
            painter.setPen(self.palette().highlight().color())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(strip.adjusted(0, -1, -1, 1))

    def _paint_now(self, painter: QPainter) -> None:
        width = self._strip_width / len(self._span)
        left = _MARGIN + (self._frame - self._span.start) * width
        painter.setPen(self.palette().text().color())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, 0.5, max(width, 1.0), self.height() - 1))
