"""Boxes by the thousand: shown a few at a time, while the window answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_sam2.widgets.controls.repaint import SCREEN_MS

if TYPE_CHECKING:
    from napari_sam2.layers.prompt_layers import PromptLayers


class Filler:
    """Goes on with what prompt layers have not shown yet, until they show everything.

    Parameters
    ----------
    prompts : PromptLayers
    """

    def __init__(self, prompts: PromptLayers) -> None:
        self._prompts = prompts
        self._timer = QTimer()
        self._timer.setInterval(SCREEN_MS)
        self._timer.timeout.connect(self._show_some)

    def wake(self, _: object = None) -> None:
        """Begin, if there is anything to show."""
        if self._prompts.has_more and not self._timer.isActive():
            self._timer.start()

    def close(self) -> None:
        """Show nothing more."""
        self._timer.stop()

    def _show_some(self) -> None:
        self._prompts.go_on()
        if not self._prompts.has_more:
            self._timer.stop()
