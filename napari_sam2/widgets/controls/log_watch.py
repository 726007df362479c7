"""Sentences that the engine logs while it works, brought to the window."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari_sam2.widgets.controls.links import Links


class LogWatch(QObject):
    """Tells what is logged, on whatever thread, to slots of widgets on theirs.

    Parameters
    ----------
    name : str
        Of the logger; those below it are heard, too.
    links : Links
        Nothing is heard after they are cut.
    parent : QObject, optional
    """

    said = Signal(str, bool)
    """A sentence, and whether it is of no interest any more once the next one comes."""

    def __init__(
        self, name: str, links: Links, *, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        handler, logger = _Handler(self), logging.getLogger(name)
        logger.addHandler(handler)
        links.at_end(lambda: logger.removeHandler(handler))


class _Handler(logging.Handler):
    def __init__(self, watch: LogWatch) -> None:
        super().__init__(logging.WARNING)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        is_passing = getattr(record, "is_passing", False)
        self._watch.said.emit(record.getMessage(), is_passing)
