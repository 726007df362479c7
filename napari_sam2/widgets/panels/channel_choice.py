"""Which channels the model sees: any one, or two or three as red, green and blue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QSizePolicy, QWidget, QWidgetAction

from napari_sam2.core.errors import StackError
from napari_sam2.layers.companions import check_companion
from napari_sam2.layers.image_axes import channel_names, image_axes
from napari_sam2.widgets.controls.controls import column, menu_button, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_LETTERS = 30
_MOST = 3  # what SAM 2 sees: red, green and blue
_TIP = (
    "What the model sees: one channel, or up to three as red, green and blue, in this "
    "order. Other images of the same size and place can be ticked as channels, too"
)


class ChannelChoice(QWidget):
    """A button with the names of the channels that are shown, and a list to tick.

    The list has the channels of an image, and the other images of the viewer.

    Parameters
    ----------
    parent : QWidget, optional
    """

    changed = Signal()
    """The user ticked other channels."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = menu_button("", _TIP)
        self.setToolTip(_TIP)
        for one in (self, self.button):  # as wide as the fields above and below
            one.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.ticks: list[QCheckBox] = []
        self._others: list[Any] = []
        self._own_count = 0
        column(self, self.button)

    @property
    def has_choice(self) -> bool:
        """Whether there is more than one thing to be seen."""
        return len(self.ticks) > 1

    @property
    def channels(self) -> tuple[int, ...] | None:
        """The numbers of the image's ticked channels; None for the first three."""
        ticked = tuple(i for i, one in enumerate(self._own) if one.isChecked())
        return None if ticked == self._first else ticked

    @property
    def beside(self) -> tuple[Any, ...]:
        """The ticked other images."""
        ticks = self.ticks[self._own_count :]
        pairs = zip(self._others, ticks, strict=True)
        return tuple(layer for layer, one in pairs if one.isChecked())

    def offer(self, layer: Any, images: Sequence[Any]) -> None:
        """Offer the channels of an image, the first three ticked, and other images.

        Those that do not fit cannot be ticked, and say why.
        """
        own = () if layer is None else _own_names(layer)
        self._own_count = len(own)
        self._others = [] if layer is None else [i for i in images if i != layer]
        self.ticks = [QCheckBox(name) for name in own]
        for number, one in enumerate(self.ticks):
            one.setToolTip("Show the model this channel of the image")
            one.setChecked(number in self._first)
        self.ticks += [_companion_tick(layer, other) for other in self._others]
        self._fill_menu()
        self._refresh()

    def misfit(self, other: Any) -> str:
        """Say why another image cannot be ticked; nothing if it can, or is gone."""
        ticks = zip(self._others, self.ticks[self._own_count :], strict=True)
        return next(
            (str(tick.property("misfit") or "") for one, tick in ticks if one == other),
            "",
        )

    def show_channels(
        self, channels: tuple[int, ...] | None, beside: Iterable[Any] = ()
    ) -> None:
        """Show what is ticked, when that was chosen elsewhere."""
        wanted = self._first if channels is None else channels
        ticked = [one for one in beside if not self.misfit(one)]
        others = [other in ticked for other in self._others]
        own = [number in wanted for number in range(self._own_count)]
        for one, is_ticked in zip(self.ticks, (*own, *others), strict=True):
            one.blockSignals(True)
            one.setChecked(is_ticked)
            one.blockSignals(False)
        self._refresh()

    @property
    def _own(self) -> list[QCheckBox]:
        return self.ticks[: self._own_count]

    @property
    def _first(self) -> tuple[int, ...]:
        return tuple(range(min(self._own_count, _MOST)))

    def _fill_menu(self) -> None:
        menu = self.button.menu()
        menu.clear()
        for number, one in enumerate(self.ticks):
            if number == self._own_count:
                menu.addSection("Other layers")
            one.toggled.connect(self._on_toggled)
            action = QWidgetAction(menu)  # a plain action would close the list
            action.setDefaultWidget(_with_margins(one))
            menu.addAction(action)

    def _on_toggled(self, _: bool) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """Keep at least one own channel ticked, and no more than three in all."""
        count = sum(one.isChecked() for one in self.ticks)
        own_count = sum(one.isChecked() for one in self._own)
        for number, one in enumerate(self.ticks):
            is_own = number < self._own_count
            is_last = is_own and one.isChecked() and own_count == 1
            is_beyond = not one.isChecked() and count >= _MOST
            one.setEnabled(not (is_last or is_beyond or one.property("misfit")))
        words = ", ".join(one.text() for one in self.ticks if one.isChecked())
        is_long = len(words) > _MOST_LETTERS
        self.button.setText(f"{words[:_MOST_LETTERS]}…" if is_long else words)
        self.button.setToolTip(f"{words}. {_TIP}")


def _with_margins(tick: QCheckBox) -> QWidget:
    made = row(tick)
    made.layout().setContentsMargins(8, 3, 16, 3)
    return made


def _own_names(layer: Any) -> tuple[str, ...]:
    try:
        return channel_names(layer) or (str(layer.name),)
    except StackError:  # told when the layer is used
        return ()


def _companion_tick(layer: Any, other: Any) -> QCheckBox:
    made = QCheckBox(str(other.name))
    made.setToolTip("Show the model this image as a further channel")
    try:
        check_companion(layer, image_axes(layer), other, image_axes(other))
    except StackError as problem:
        made.setProperty("misfit", str(problem))
        made.setToolTip(str(problem))
    return made
