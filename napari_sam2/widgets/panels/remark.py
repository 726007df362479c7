"""A sentence about what is looked at, which goes when one looks elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.widgets.controls.controls import text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Remark:
    """Says something about one object on one frame, say.

    Parameters
    ----------
    looked_at : callable
        Returns what is looked at now.

    Attributes
    ----------
    label : QLabel
        Hidden while there is nothing to read.
    """

    def __init__(self, looked_at: Callable[[], Hashable]) -> None:
        self._looked_at = looked_at
        self._about: Hashable | None = None
        self.label = text()
        self.label.hide()

    def say(self, sentence: str) -> None:
        """Say something about what is looked at."""
        self._about = self._looked_at()
        self._show(sentence)

    def hush_elsewhere(self) -> None:
        """Take back what was said of something that is no longer looked at."""
        if self._about not in (None, self._looked_at()):
            self._about = None
            self._show("")

    def _show(self, sentence: str) -> None:
        self.label.setText(sentence)
        self.label.setVisible(bool(sentence))
