"""What is seen in a row of the review strip."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")

from qtpy.QtCore import QRectF
from qtpy.QtGui import QImage, QPainter

from napari_sam2.widgets.timeline.strip import Mark, StripRow
from napari_sam2.widgets.timeline.strip_painter import paint_cells
from tests.widgets.screen import NO_SCREEN

pytestmark = pytest.mark.skipif(bool(NO_SCREEN), reason=NO_SCREEN or "")

WIDTH, HEIGHT, CELLS = 200, 16, 10


def painted(marks: list[int]) -> np.ndarray:
    """Return how bright the pixels of a row are, (H, W)."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    row = StripRow(np.ones(CELLS, np.float32), np.array(marks, np.uint8))
    paint_cells(painter, row, QRectF(0, 0, WIDTH, HEIGHT))
    painter.end()
    pixels = [[image.pixelColor(x, y).value() for x in range(WIDTH)]
              for y in range(HEIGHT)]  # fmt: skip
    return np.array(pixels)


def test_a_locked_cell_differs_all_over_its_height(qapp) -> None:
    marks = [int(Mark.KNOWN)] * CELLS
    plain = painted(marks)
    marks[4] |= int(Mark.LOCKED)
    differs = painted(marks) != plain
    cell = slice(4 * WIDTH // CELLS, 5 * WIDTH // CELLS)
    assert differs[:, cell].any(axis=1).all()
    differs[:, cell] = False
    assert not differs.any()
