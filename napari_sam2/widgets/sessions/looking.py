"""When the model is shown other intensities: at once, or after the run that goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_sam2.control import Activity, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.widgets.sessions.session import Session

_IN_A_RUN = Activity.RUNNING, Activity.STOPPING


class Looking:
    """Shows the model of a session what its image looks like now.

    Contrast limits are also how people look at what a run finds, so a run goes on with
    those that it began with. Other channels are another picture, and end it.

    Parameters
    ----------
    session : Session
    on_looked : callable
        Called when intensities that waited were shown.
    """

    def __init__(self, session: Session, on_looked: Callable[[], None]) -> None:
        self._session = session
        self._on_looked = on_looked
        self._waits: ImageSource | None = None
        session.links.connect(session.controller.status_changed, self._on_status)

    def look_at(self, image: ImageSource) -> None:
        """Show the model an image of the same frames."""
        self._waits = None
        now = self._session.image
        is_alike = image.looks_like(replace(now, limits=image.limits))
        if is_alike and self._session.controller.status.activity in _IN_A_RUN:
            self._waits = image
        else:
            self._session.look_at(image)

    def _on_status(self, status: Status) -> None:
        if self._waits is not None and status.activity is Activity.IDLE:
            # Later, as others have to hear that the run ended first.
            QTimer.singleShot(0, self._look)

    def _look(self) -> None:
        image, self._waits = self._waits, None
        if image is not None and not self._session.is_closed:
            self.look_at(image)
            self._on_looked()
