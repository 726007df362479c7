"""Paints the cells of one object, and the legend that explains them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPainter, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_sam2.widgets.timeline.strip import Mark, StripRow, cell_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    import numpy.typing as npt

_BAR = 3
_DOT = 3
_BESIDE = _DOT + 1  # where marks of the first and the last cell reach
_MOST_PICTURES = 64  # more than are seen at a time
_DOUBTFUL = QColor(220, 30, 60)
_FOLLOWS = QColor(220, 30, 60, 110)
_ACCEPTED = QColor(40, 160, 90)
_LOCKED = QColor(15, 15, 25)
_BELOW = ((Mark.FOLLOWS, _FOLLOWS), (Mark.REVIEWED, _ACCEPTED),
          (Mark.DOUBTFUL, _DOUBTFUL))  # fmt: skip
_ICON = QSize(14, 14)
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
    _paint_locks(painter, cells.marks, strip)
    painter.setBrush(QColor("white"))
    painter.setPen(QColor("black"))
    is_painted = (cells.marks & Mark.PAINTED) > 0
    is_prompted = (cells.marks & Mark.PROMPTED) > 0
    for column in np.flatnonzero(is_prompted & ~is_painted).tolist():
        x = strip.left() + (column + 0.5) * step
        painter.drawEllipse(QPointF(x, strip.center().y()), _DOT, _DOT)
    for left, right in _squares(is_painted, strip, step):
        top = strip.center().y() - _DOT
        painter.drawRect(QRectF(left - _DOT, top, right - left + 2 * _DOT, 2 * _DOT))


class RowPictures:
    """Paints rows, each once for as long as its cells stay as they are."""

    def __init__(self) -> None:
        self._painted: dict[Hashable, QPixmap] = {}

    def clear(self) -> None:
        """Paint anew what is shown next."""
        self._painted.clear()

    def paint(
        self,
        painter: QPainter,
        row: Hashable,
        read: Callable[[], StripRow],
        strip: QRectF,
    ) -> None:
        """Paint a row by that name, whose cells are read only where they must be."""
        density = painter.device().devicePixelRatioF()
        key = row, strip.width(), strip.height(), density
        if key not in self._painted:
            if len(self._painted) >= _MOST_PICTURES:
                self._painted.clear()
            size = (strip.size() + QSizeF(2 * _BESIDE, 0)) * density
            self._painted[key] = _picture_of(read(), size, density, strip)
        left = QPointF(strip.left() - _BESIDE, strip.top())
        painter.drawPixmap(left, self._painted[key])


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
        grid.setHorizontalSpacing(2)
        grid.setVerticalSpacing(1)
        for number, (word, share, mark, tip) in enumerate(_LEGEND):
            line, column = divmod(number, columns)
            icon, label = QLabel(), QLabel(word)
            icon.setPixmap(_icon(share, mark))
            icon.setFixedSize(_ICON)
            label.setMinimumWidth(10)
            for one in (icon, label):
                one.setToolTip(tip)
            grid.addWidget(icon, line, 2 * column)
            grid.addWidget(label, line, 2 * column + 1)


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
    for start, stop in _stretches((marks & mark) > 0):
        width = max((stop - start) * step, 1.5)
        painter.drawRect(QRectF(strip.left() + start * step, top, width, _BAR))


def _paint_locks(
    painter: QPainter, marks: npt.NDArray[np.uint8], strip: QRectF
) -> None:
    """Hatch what is locked, as a bar alone is hidden by the frame of a column."""
    painter.setBrush(QBrush(_LOCKED, Qt.BrushStyle.BDiagPattern))
    step = strip.width() / len(marks)
    for start, stop in _stretches((marks & Mark.LOCKED) > 0):
        width = max((stop - start) * step, 1.5)
        left = strip.left() + start * step
        painter.drawRect(QRectF(left, strip.top(), width, strip.height()))
    _paint_bars(painter, marks, Mark.LOCKED, _LOCKED, strip, strip.top())


def _squares(
    has: npt.NDArray[np.bool_], strip: QRectF, step: float
) -> list[tuple[float, float]]:
    """Return from which middle to which to draw; squares that would touch are one bar.

    Hundreds of squares take longer to draw than everything else.
    """
    if step < 2 * _DOT:
        found = [(start, stop - 1) for start, stop in _stretches(has)]
    else:
        found = [(column, column) for column in np.flatnonzero(has).tolist()]
    return [
        (strip.left() + (first + 0.5) * step, strip.left() + (last + 0.5) * step)
        for first, last in found
    ]


def _stretches(has: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where runs of True begin in a row, (W,), and where they have ended."""
    padded = np.concatenate([[False], has, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return [(start, stop) for start, stop in edges.reshape(-1, 2).tolist()]


def _picture_of(
    cells: StripRow, size: QSizeF, density: float, strip: QRectF
) -> QPixmap:
    """Paint a row with something beside it, where marks reach."""
    picture = QPixmap(size.toSize())
    picture.setDevicePixelRatio(density)
    picture.fill(Qt.GlobalColor.transparent)
    with _painting(picture) as painter:
        paint_cells(painter, cells, QRectF(QPointF(_BESIDE, 0), strip.size()))
    return picture


@contextmanager
def _painting(picture: QPixmap) -> Iterator[QPainter]:
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield painter
    finally:
        painter.end()


def _icon(share: float, mark: Mark) -> QPixmap:
    picture = QPixmap(_ICON)
    picture.fill(QColor(0, 0, 0, 0))
    cells = StripRow(np.array([share], np.float32), np.array([mark], np.uint8))
    with _painting(picture) as painter:
        paint_cells(painter, cells, QRectF(0, 0, _ICON.width(), _ICON.height()))
    return picture


def _as_image(colours: npt.NDArray[np.uint8]) -> QImage:
    """Return a picture of one row of pixels, (W, 4) red, green, blue, opacity."""
    width = len(colours)
    pixels = np.ascontiguousarray(colours)
    image = QImage(pixels.data, width, 1, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()  # its own memory: the array is gone when Qt paints
