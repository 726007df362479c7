"""When a stroke of paint in a labels layer begins and ends, from public events.

A stroke of the mouse tells ``labels_update`` for every move and ``paint`` at its end. A
single call (fill, a polygon, ``layer.paint`` of a script) tells ``paint`` before the
pixels change and ``labels_update`` after. Undo tells only of a refresh, ``set_data``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels


class StrokeWatch:
    """Calls back when pixels of a labels layer were changed, once per stroke.

    Parameters
    ----------
    layer : Labels
    on_painted : callable
        Called when a stroke is complete.
    on_refreshed : callable
        Called when the layer is shown anew, which also ends a stroke.
    """

    def __init__(
        self,
        layer: Labels,
        on_painted: Callable[[], None],
        on_refreshed: Callable[[], None],
    ) -> None:
        self._layer = layer
        self._on_painted = on_painted
        self._on_refreshed = on_refreshed
        self._is_announced = False
        self.is_going_on = False
        layer.events.paint.connect(self._on_paint)
        layer.events.labels_update.connect(self._on_update)
        layer.events.set_data.connect(self._on_refresh)

    def disconnect(self) -> None:
        """Stop listening."""
        self._layer.events.paint.disconnect(self._on_paint)
        self._layer.events.labels_update.disconnect(self._on_update)
        self._layer.events.set_data.disconnect(self._on_refresh)

    def _on_paint(self, _event: Any) -> None:
        if self.is_going_on:
            self._end()
        else:
            self._is_announced = True

    def _on_update(self, _event: Any) -> None:
        if self._is_announced:
            self._end()
        else:
            self.is_going_on = True

    def _on_refresh(self, _event: Any) -> None:
        self._is_announced = self.is_going_on = False
        self._on_refreshed()

    def _end(self) -> None:
        self._is_announced = self.is_going_on = False
        self._on_painted()
