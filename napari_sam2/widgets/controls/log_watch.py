"""Sentences that the engine logs while it works, brought to the window."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.widgets.controls.links import Links


class LogWatch(QObject):
    """Tells what is logged on a thread of one's own to slots of widgets on theirs.

    Parameters
    ----------
    name : str
        Of the logger; those below it are heard, too.
    links : Links
        Nothing is heard after they are cut.
    about : callable
        Called on the thread that logs; returns what the sentence is about, or None if
        that is somebody else's work.
    parent : QObject, optional
    """

    said = Signal(str, bool, object)
    """A sentence, whether the next message replaces it, and what it is about."""

    def __init__(
        self,
        name: str,
        links: Links,
        *,
        about: Callable[[], object | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        handler, logger = _Handler(self, about), logging.getLogger(name)
        logger.addHandler(handler)
        links.at_end(lambda: logger.removeHandler(handler))


class _Handler(logging.Handler):
    def __init__(self, watch: LogWatch, about: Callable[[], object | None]) -> None:
        super().__init__(logging.WARNING)
        self._watch, self._about = watch, about

    def emit(self, record: logging.LogRecord) -> None:
        about = self._about()
        if about is not None:
            is_passing = getattr(record, "is_passing", False)
            self._watch.said.emit(record.getMessage(), is_passing, about)
