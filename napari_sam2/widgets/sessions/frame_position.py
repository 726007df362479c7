"""Which frame of a stack the viewer shows, and going to another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.widgets.controls.links import Links


class FramePosition(QObject):
    """Translates between the viewer's sliders and the frames of a layer.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Image
        The stack.
    space : FrameSpace
        Where its frames lie.
    links : Links
        Cut when the session ends.
    parent : QObject, optional
    """

    changed = Signal(int)
    """The frame that is displayed now."""

    def __init__(
        self,
        viewer: Any,
        layer: Any,
        space: FrameSpace,
        links: Links,
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._dims = viewer.dims
        self._layer = layer
        self._space = space
        self._last = space.frame_count - 1
        self._frame = self.frame
        links.connect(self._dims.events.point, self._on_point_changed)

    @property
    def frame(self) -> int:
        """The frame that is displayed; the nearest one outside the stack."""
        return self._space.nearest_frame(self._layer.world_to_data(self._point))

    def go_to(self, frame: int) -> None:
        """Display a frame; what is neither followed nor a position stays."""
        place = self._space.frame_place(min(max(frame, 0), self._last))
        if not place:
            return
        data = list(self._layer.world_to_data(self._point))
        for axis, index in place.items():
            data[axis] = index
        world = self._layer.data_to_world(data)
        offset = self._dims.ndim - self._layer.ndim
        self._dims.set_point(
            [axis + offset for axis in place], [float(world[axis]) for axis in place]
        )

    def face_frames(self) -> None:
        """Turn the view so that whole frames are seen; a view in 3-D stays."""
        if self._dims.ndisplay != 2 or self._space.shows_frames(self._dims):
            return
        offset = self._dims.ndim - self._layer.ndim
        plane = [axis + offset for axis in self._space.layout.plane]
        others = [axis for axis in self._dims.order if axis not in plane]
        self._dims.order = (*others, *plane)

    @property
    def _point(self) -> tuple[float, ...]:
        return tuple(self._dims.point[-self._layer.ndim :])

    def _on_point_changed(self, _: object = None) -> None:
        frame = self.frame
        if frame != self._frame:
            self._frame = frame
            self.changed.emit(frame)
