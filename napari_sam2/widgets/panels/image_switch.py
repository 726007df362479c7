"""From one image, or axis, to another: chosen in the panel or by a layer, or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import StackError
from napari_sam2.widgets.panels.axis_question import Decision

if TYPE_CHECKING:
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.panels.axis_question import AxisQuestion
    from napari_sam2.widgets.panels.image_panel import ImagePanel
    from napari_sam2.widgets.sessions.sessions import Sessions


class ImageSwitch:
    """Has the sessions follow what is chosen, and the panel show what is followed.

    Parameters
    ----------
    viewer : napari.Viewer
    sessions : Sessions
    panel : ImagePanel
    question : AxisQuestion
    links : Links
        With the viewer; cut by their owner.
    """

    def __init__(
        self,
        viewer: Any,
        sessions: Sessions,
        panel: ImagePanel,
        question: AxisQuestion,
        links: Links,
    ) -> None:
        self._selection = viewer.layers.selection
        self._sessions = sessions
        self._panel = panel
        self._question = question
        question.answered.connect(self._on_decided)
        panel.source_chosen.connect(self._on_chosen)
        panel.pixels_exchanged.connect(self._on_pixels_exchanged)
        links.connect(self._selection.events.active, self._on_active_changed)

    def show_source(self) -> None:
        """Show in the panel what is followed."""
        if self._sessions.current is not None:
            self._panel.show_source(self._sessions.current.image)

    def _on_chosen(self, source: ImageSource | None) -> None:
        self._question.withdraw()
        now = self._sessions.current
        if source is not None and now is not None and self._sessions.must_ask(source):
            self._question.ask(now, source)
        else:
            self._sessions.open(source)
            self.show_source()

    def _on_pixels_exchanged(self, layers: frozenset[Any]) -> None:
        self._question.withdraw()
        for sentence in self._sessions.exchange(layers):
            self._panel.refused.emit(StackError(sentence))
        if self._sessions.current is None:
            self._panel.look_anew()

    def _on_decided(self, source: ImageSource, decision: Decision) -> None:
        if decision is not Decision.STAY:
            self._sessions.turn(source, is_kept=decision is Decision.KEEP)
        self.show_source()

    def _on_active_changed(self, _: object = None) -> None:
        """Go back to a session when one of its layers is chosen."""
        session = self._sessions.session_of(self._selection.active)
        if session is None or session is self._sessions.current:
            self._panel.stay(self._selection.active)
        else:
            self._question.withdraw()
            self._sessions.activate(session)
            self.show_source()
