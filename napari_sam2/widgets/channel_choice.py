"""Which channels the model sees: any one, or two or three as red, green and blue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget, QWidgetAction

from napari_sam2.widgets.controls import column, menu_button

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 3  # what SAM 2 sees: red, green and blue


class ChannelChoice(QWidget):
    """A button with the names of the channels that are shown, and a list to tick.

    Parameters
    ----------
    parent : QWidget, optional
    """

    changed = Signal()
    """The user ticked other channels."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = menu_button(
            "", "The channels that the model sees: one, or up to three as colours"
        )
        self.setToolTip(self.button.toolTip())
        self.ticks: list[QCheckBox] = []
        column(self, self.button)

    @property
    def channels(self) -> tuple[int, ...] | None:
        """The numbers of the ticked channels; None for the first three."""
        ticked = tuple(i for i, tick in enumerate(self.ticks) if tick.isChecked())
        return None if ticked == self._first else ticked

    def offer(self, names: Sequence[str]) -> None:
        """Offer these channels, the first three being ticked."""
        menu = self.button.menu()
        menu.clear()
        self.ticks = [QCheckBox(name) for name in names]
        for number, tick in enumerate(self.ticks):
            tick.setChecked(number in self._first)
            tick.toggled.connect(self._on_toggled)
            action = QWidgetAction(menu)  # a plain action would close the list
            action.setDefaultWidget(tick)
            menu.addAction(action)
        self._refresh()

    def show_channels(self, channels: tuple[int, ...] | None) -> None:
        """Show what is ticked, when that was chosen elsewhere."""
        wanted = self._first if channels is None else channels
        for number, tick in enumerate(self.ticks):
            tick.blockSignals(True)
            tick.setChecked(number in wanted)
            tick.blockSignals(False)
        self._refresh()

    @property
    def _first(self) -> tuple[int, ...]:
        return tuple(range(min(len(self.ticks), _MOST)))

    def _on_toggled(self, _: bool) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """Keep at least one channel ticked, and no more than three."""
        ticked = [tick for tick in self.ticks if tick.isChecked()]
        for tick in self.ticks:
            is_last = tick.isChecked() and len(ticked) == 1
            is_beyond = not tick.isChecked() and len(ticked) == _MOST
            tick.setEnabled(not (is_last or is_beyond))
        self.button.setText(", ".join(tick.text() for tick in ticked))
