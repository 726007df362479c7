"""Settings that are still there the next time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.weights import (
    Condition,
    find_checkpoint,
    is_bundled,
    presence,
)
from napari_sam2.io.preferences import Preferences, keep_preferences, read_preferences
from napari_sam2.state import Settings

if TYPE_CHECKING:
    from napari_sam2.widgets.controls.links import Links

_KEPT = (
    "model",
    "device",
    "image_size",
    "live_answers",
    "cache_mib",
    "window",
    "corrects_bleaching",
    "quality",
    "is_compiled",
)


class Memory:
    """Makes settings as they were left, and keeps what becomes of them.

    Parameters
    ----------
    links : Links
        Cut when the dock closes.
    """

    def __init__(self, links: Links) -> None:
        self._kept = read_preferences()
        model = self._kept.model if _is_here(self._kept.model) else Preferences().model
        chosen = {name: getattr(self._kept, name) for name in _KEPT}
        self.settings = Settings(**{**chosen, "model": model})
        for name in _KEPT:
            links.connect(getattr(self.settings.events, name), self._keep)

    @property
    def is_first_run(self) -> bool:
        """Whether the first steps were never shown to this user."""
        return not self._kept.is_hint_seen

    def note_first_steps(self) -> None:
        """Remember that the first steps were shown."""
        self._set(replace(self._kept, is_hint_seen=True))

    def _keep(self, _: object) -> None:
        chosen = {name: getattr(self.settings, name) for name in _KEPT}
        self._set(replace(self._kept, **chosen))

    def _set(self, preferences: Preferences) -> None:
        if preferences != self._kept:
            self._kept = preferences
            keep_preferences(preferences)


def _is_here(model: str) -> bool:
    """Whether a model seems to be here still; a look at the size must do."""
    if is_bundled(model) or Path(model).is_file():
        return True
    try:
        return presence(find_checkpoint(model)) is Condition.INTACT
    except ModelError:
        return False
