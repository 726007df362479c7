"""Paints the cells of one object, and the legend that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_sam2.widgets.controls.controls import text
from napari_sam2.widgets.timeline.strip import Mark, StripRow, cell_colours

if TYPE_CHECKING:
    import numpy.typing as npt

_BAR = 3
_DOT = 3
_DOUBTFUL = QColor(220, 30, 60)
_FOLLOWS = QColor(220, 30, 60, 110)
_ACCEPTED = QColor(40, 160, 90)
_LOCKED = QColor(90, 90, 100)
_BELOW = ((Mark.FOLLOWS, _FOLLOWS), (Mark.REVIEWED, _ACCEPTED),
          (Mark.DOUBTFUL, _DOUBTFUL))  # fmt: skip
_ICON = QSize(26, 14)
_LEGEND = (
    ("sure", 1.0, Mark.KNOWN, "The model is sure of the outline, or you drew it"),
    ("unsure", 0.0, Mark.KNOWN, "The model doubts the outline"),
    ("not there", 1.0, Mark.KNOWN | Mark.ABSENT, "The object is not in the frame"),
    ("prompted", 1.0, Mark.KNOWN | Mark.PROMPTED, "You clicked or boxed it here"),
    ("painted", 1.0, Mark.KNOWN | Mark.PAINTED,
     "Your own pixels: painted, erased, imported, or marked absent"),
    ("locked", 1.0, Mark.KNOWN | Mark.LOCKED, "No run and no click changes it"),
    ("doubtful", 0.5, Mark.KNOWN | Mark.DOUBTFUL,
     "Something is odd here; hold the pointer over it to read what"),
    ("carried on", 0.75, Mark.KNOWN | Mark.FOLLOWS,
     "Carried on from a doubtful frame that nobody has accepted"),
    ("accepted", 0.75, Mark.KNOWN | Mark.REVIEWED, "You said that it is right"),
)  # fmt: skip


def paint_cells(painter: QPainter, cells: StripRow, strip: QRectF) -> None:
    """Paint one row: colours, bars below for verdicts, dots for what the user said."""
    painter.drawImage(strip, _as_image(cell_colours(cells)))
    step = strip.width() / len(cells.marks)
    painter.setPen(Qt.PenStyle.NoPen)
    for mark, colour in _BELOW:
        _paint_bars(painter, cells.marks, mark, colour, strip, strip.bottom() - _BAR)
    _paint_bars(painter, cells.marks, Mark.LOCKED, _LOCKED, strip, strip.top())
    painter.setBrush(QColor("white"))
    painter.setPen(QColor("black"))
    for column in np.flatnonzero(cells.marks & (Mark.PROMPTED | Mark.PAINTED)):
        middle = QPointF(strip.left() + (column + 0.5) * step, strip.center().y())
        if cells.marks[column] & Mark.PAINTED:
            painter.drawRect(
                QRectF(middle.x() - _DOT, middle.y() - _DOT, 2 * _DOT, 2 * _DOT)
            )
        else:
            painter.drawEllipse(middle, _DOT, _DOT)


class Legend(QWidget):
    """Says what the colours and marks of the timeline mean.

    Parameters
    ----------
    columns : int, optional
        Entries beside each other.
    parent : QWidget, optional
    """

    def __init__(self, columns: int = 3, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(1)
        for number, (word, share, mark, tip) in enumerate(_LEGEND):
            line, column = divmod(number, columns)
            icon, label = QLabel(), text(word)
            icon.setPixmap(_icon(share, mark))
            icon.setFixedSize(_ICON)
            for one in (icon, label):
                one.setToolTip(tip)
            grid.addWidget(icon, line, 2 * column)
            grid.addWidget(label, line, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)


def _paint_bars(
    painter: QPainter,
    marks: npt.NDArray[np.uint8],
    mark: Mark,
    colour: QColor,
    strip: QRectF,
    top: float,
) -> None:
    """Paint a bar over every stretch of cells with a mark, wide enough to be seen."""
    painter.setBrush(colour)
    step = strip.width() / len(marks)
    has = np.concatenate([[False], (marks & mark) > 0, [False]])
    edges = np.flatnonzero(has[1:] != has[:-1])
    for start, stop in edges.reshape(-1, 2).tolist():
        width = max((stop - start) * step, 1.5)
        painter.drawRect(QRectF(strip.left() + start * step, top, width, _BAR))


def _icon(share: float, mark: Mark) -> QPixmap:
    picture = QPixmap(_ICON)
    picture.fill(QColor(0, 0, 0, 0))
    cells = StripRow(np.array([share], np.float32), np.array([mark], np.uint8))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_cells(painter, cells, QRectF(0, 0, _ICON.width(), _ICON.height()))
    painter.end()
    return picture


def _as_image(colours: npt.NDArray[np.uint8]) -> QImage:
    """Return a picture of one row of pixels."""
    width = len(colours)
    pixels = np.ascontiguousarray(colours)
    image = QImage(pixels.data, width, 1, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()  # its own memory: the array is gone when Qt paints
