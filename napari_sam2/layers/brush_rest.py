"""The brush rests in views that show no frame, and is taken up again after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import Dims
    from napari.layers import Labels

    from napari_sam2.layers.coordinates import FrameSpace

_STROKES = {"paint", "erase", "fill", "polygon"}
_RESTING = "pan_zoom"


class BrushRest:
    """Keeps strokes of the mouse to frames that are seen.

    In 3-D, and in views that cut across frames, a stroke would change frames at which
    nobody looks; scripts may still paint there.

    Parameters
    ----------
    layer : Labels
    dims : Dims
        The viewer's.
    space : FrameSpace
    on_refused : callable
        Called with a sentence when a tool was chosen that cannot be used in this view.
    on_remark : callable
        Called with a sentence when the tool in use was put down.
    """

    def __init__(
        self,
        layer: Labels,
        dims: Dims,
        space: FrameSpace,
        *,
        on_refused: Callable[[str], None],
        on_remark: Callable[[str], None],
    ) -> None:
        self._layer, self._dims, self._space = layer, dims, space
        self._on_refused, self._on_remark = on_refused, on_remark
        self._put_down: str | None = None
        layer.events.mode.connect(self._on_tool_chosen)
        dims.events.ndisplay.connect(self._on_view_changed)
        dims.events.order.connect(self._on_view_changed)

    def disconnect(self) -> None:
        """Let all tools be used in all views."""
        self._layer.events.mode.disconnect(self._on_tool_chosen)
        self._dims.events.ndisplay.disconnect(self._on_view_changed)
        self._dims.events.order.disconnect(self._on_view_changed)

    def _on_tool_chosen(self, _event: Any) -> None:
        tool = str(self._layer.mode)
        if tool != _RESTING:
            self._put_down = None
        why = self._why_not()
        if why and tool in _STROKES:
            self._layer.mode = _RESTING
            self._on_refused(why)

    def _on_view_changed(self, _event: Any) -> None:
        why, tool = self._why_not(), str(self._layer.mode)
        if why and tool in _STROKES:
            self._layer.mode = _RESTING
            self._put_down = tool
            self._on_remark(why)
        elif not why and self._put_down and tool == _RESTING:
            self._layer.mode = self._put_down

    def _why_not(self) -> str:
        """Say why nothing is painted in this view; nothing where it is."""
        if len(self._dims.displayed) == 3:
            return (
                "A stroke in 3-D has no depth: go back to the 2-D view (Ctrl-Y), and "
                "paint on the frame that you mean."
            )
        if not self._space.shows_frames(self._dims):
            rows, columns = (
                self._space.names[a].upper() for a in self._space.layout.plane
            )
            return (
                f"This view cuts across frames: paint in the one that shows {rows} and "
                f"{columns} (Ctrl-E turns it)."
            )
        return ""
