"""Measured rows as Qt asks for them: millions of rows are one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_sam2.io.writing.measurements import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from napari_sam2.io.writing.measurements import Measurer

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class MeasurementModel(QAbstractTableModel):
    """A table of measurements that grows, and is sorted by numbers.

    Parameters
    ----------
    measurer : Measurer
        Says what the columns are.
    names : mapping of int to str
        Of the objects, by id.
    total : int
        Rows that there will be at most.
    """

    def __init__(
        self, measurer: Measurer, names: Mapping[int, str], total: int
    ) -> None:
        super().__init__()
        self._columns = measurer.columns
        self._frame_of = measurer.frame_of
        self._names = names
        self._rows = np.empty(total, measurer.dtype)
        self._count = 0
        self._order: npt.NDArray[np.intp] | None = None

    def add(self, rows: npt.NDArray[np.void]) -> None:
        """Take rows that were measured, (N,), to stand below all others."""
        end = self._count + len(rows)
        self.beginInsertRows(QModelIndex(), self._count, end - 1)
        self._rows[self._count : end] = rows
        self._count, self._order = end, None
        self.endInsertRows()

    def place(self, row: int) -> tuple[int, int]:
        """Return the (object_id, frame) of a row as it is shown."""
        found = self._row(row)
        return int(found["object"]), self._frame_of(found)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the rows that were measured."""
        is_cell = parent is not None and parent.isValid()
        return 0 if is_cell else self._count

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        is_cell = parent is not None and parent.isValid()
        return 0 if is_cell else len(self._columns)

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return what is written in a cell, and how."""
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            row = self._row(index.row())
            if column.name == NAME:
                return self._names.get(int(row["object"]), "")
            return column.write(row[column.name])
        if role == Qt.ItemDataRole.TextAlignmentRole and column.name != NAME:
            return _RIGHT
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """Return the name of a column, or what it means."""
        if orientation == Qt.Orientation.Horizontal:
            column = self._columns[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return column.name
            if role == Qt.ItemDataRole.ToolTipRole:
                return column.tip
        return None

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort by a column; rows that are alike stay by frame and object.

        What has no value comes last, whichever way.
        """
        keys = self._keys(self._columns[column].name)
        if order == Qt.SortOrder.DescendingOrder:
            keys = -keys
        self.beginResetModel()
        self._order = np.argsort(keys, kind="stable")
        self.endResetModel()

    def _row(self, row: int) -> np.void:
        found: np.void = self._rows[row if self._order is None else self._order[row]]
        return found

    def _keys(self, name: str) -> npt.NDArray[Any]:
        """Return numbers that sort the rows by a column."""
        rows = self._rows[: self._count]
        if name != NAME:
            return rows[name]
        words = sorted({(one.casefold(), i) for i, one in self._names.items()})
        ids, places = np.unique(rows["object"], return_inverse=True)
        rank = {i: number for number, (_, i) in enumerate(words)}
        return np.array([rank.get(int(i), -1) for i in ids], np.int64)[places]
