"""Connections that are cut together, when what they belong to goes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Links:
    """Remembers connections and cuts them.

    Works with the signals of psygnal, napari and Qt alike, and with any other undoing
    that has to happen at the end.
    """

    def __init__(self) -> None:
        self._ends: list[Callable[[], object]] = []
        self.is_cut = False

    def connect(self, signal: Any, slot: Callable[..., object]) -> None:
        """Connect a signal until :meth:`cut`."""
        signal.connect(slot)
        self._ends.append(lambda: _disconnect(signal, slot))

    def at_end(self, end: Callable[[], object]) -> None:
        """Have something else called by :meth:`cut`, in reverse order."""
        self._ends.append(end)

    def cut(self) -> None:
        """Cut everything; safe to call more than once."""
        self.is_cut = True
        while self._ends:
            # a window that closes destroys widgets in an order of its own
            with suppress(RuntimeError):
                self._ends.pop()()


def _disconnect(signal: Any, slot: Callable[..., object]) -> None:
    """Disconnect, also when the other side has forgotten the slot by itself."""
    with suppress(ValueError, TypeError):
        signal.disconnect(slot)
