"""The strip that shows all objects on all frames; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_sam2.io.palette import object_colour
from napari_sam2.widgets.strip import (
    Mark,
    StripRow,
    cell_colours,
    empty_row,
    pooled,
    update_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from napari_sam2.state import Document
    from napari_sam2.state.reviewer import Reviewer
    from napari_sam2.widgets.links import Links

_ROW = 16
_GAP = 3
_MARGIN = 16
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
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._reviewer = reviewer
        self._rows: dict[int, StripRow] = {}
        self._stale: set[int] = set()
        self._frame = 0
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
        self._stale.update(frames)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that shows all rows."""
        return QSize(200, max(1, len(self._rows)) * (_ROW + _GAP) + _GAP)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(80, self.sizeHint().height())

    def place_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the (object_id, frame) at a position in the widget, or None."""
        number = int((y - _GAP / 2) // (_ROW + _GAP))
        if not self._rows or not 0 <= number < len(self._rows):
            return None
        share = (x - _MARGIN) / max(1, self._strip_width)
        frame = int(share * self._document.frame_count)
        frame = min(max(frame, 0), self._document.frame_count - 1)
        return list(self._rows)[number], frame

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint the strip."""
        self._update_rows()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._rows:
            painter.setPen(self.palette().text().color())
            words = "Masks appear here, frame by frame"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        for number, (object_id, row) in enumerate(self._rows.items()):
            top = _GAP + number * (_ROW + _GAP)
            self._paint_row(painter, object_id, row, top)
        self._paint_now(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame and choose the object."""
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is down."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys."""
        step = _STEPS.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        last = self._document.frame_count - 1
        self.frame_chosen.emit(min(max(self._frame + step, 0), last))

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
        words = f"{self._document.get_object(object_id).name}, frame {frame}: "
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
    def _strip_width(self) -> int:
        return max(1, self.width() - _MARGIN)

    def _go(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().x(), event.position().y())
        if place is not None:
            self.object_chosen.emit(place[0])
            self.frame_chosen.emit(place[1])

    def _on_objects_changed(self, _: object = None) -> None:
        count = self._document.frame_count
        known = self._rows
        self._rows = {
            i: known[i] if i in known else empty_row(count)
            for i in self._document.objects
        }
        if self._rows.keys() - known.keys():
            self._stale.update(range(count))
        self.updateGeometry()
        self.update()

    def _on_prompts_changed(self, places: frozenset[tuple[int, int]]) -> None:
        self.refresh(frame for _, frame in places)

    def _on_selection_changed(self, _: object = None) -> None:
        self.update()

    def _update_rows(self) -> None:
        frames, self._stale = sorted(self._stale), set()
        doubts = {frame: self._reviewer.on_frame(frame) for frame in frames}
        for object_id, row in self._rows.items():
            doubtful = frozenset(f for f in frames if object_id in doubts[f])
            update_row(row, self._document, object_id, frames, doubtful)

    def _paint_row(
        self, painter: QPainter, object_id: int, row: StripRow, top: int
    ) -> None:
        is_selected = object_id == self._document.selected
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*object_colour(object_id)))
        inset = 2 if is_selected else 4
        painter.drawEllipse(
            QRectF(inset, top + inset, _ROW - 2 * inset, _ROW - 2 * inset)
        )
        strip = QRectF(_MARGIN, top, self._strip_width, _ROW)
        painter.setBrush(self.palette().base())
        painter.drawRect(strip)
        cells = pooled(row, self._strip_width)
        painter.drawImage(strip, _as_image(cell_colours(cells)))
        _paint_marks(painter, cells, strip)

    def _paint_now(self, painter: QPainter) -> None:
        width = self._strip_width / self._document.frame_count
        left = _MARGIN + self._frame * width
        painter.setPen(self.palette().text().color())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, 0.5, max(width, 1.0), self.height() - 1))


def _as_image(colours: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> QImage:
    """Return a picture of one row of pixels."""
    width = len(colours)
    pixels = np.ascontiguousarray(colours)
    image = QImage(pixels.data, width, 1, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()  # its own memory: the array is gone when Qt paints


def _paint_marks(painter: QPainter, cells: StripRow, strip: QRectF) -> None:
    """Paint a dot for prompts, a square for painting, a bar below doubts."""
    step = strip.width() / len(cells.marks)
    middle = strip.center().y()
    for column in np.flatnonzero(cells.marks & (Mark.PROMPTED | Mark.PAINTED)):
        x = strip.left() + (column + 0.5) * step
        painter.setBrush(QColor("white"))
        painter.setPen(QColor("black"))
        if cells.marks[column] & Mark.PAINTED:
            painter.drawRect(QRectF(x - 3, middle - 3, 6, 6))
        else:
            painter.drawEllipse(QPointF(x, middle), 3, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*map(int, (214, 40, 40))))
    for column in np.flatnonzero(cells.marks & Mark.DOUBTFUL):
        left = strip.left() + column * step
        painter.drawRect(QRectF(left, strip.bottom() - 3, max(step, 1.5), 3))
