"""A labels layer that shows the document's masks, and takes painting as a prompt."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_sam2.core.errors import Sam2Error
from napari_sam2.layers.brush_rest import BrushRest
from napari_sam2.layers.geometry import copy_geometry, follow_geometry
from napari_sam2.layers.label_stack import LabelStack
from napari_sam2.layers.painting import drawn, paint, tell_of_locks
from napari_sam2.layers.palette import are_coloured, mask_colours
from napari_sam2.layers.stroke import StrokeWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt
    from napari.components import Dims, LayerList

    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.layers.painting import Drawn
    from napari_sam2.state.document import Document
    from napari_sam2.state.history import History


class MaskLayer:
    """The masks of a document as one labels layer, values being object ids.

    Painting, erasing and filling become mask prompts, one edit per stroke; napari's own
    undo, if it is called, counts as painting. Removing the layer hides the masks until
    :meth:`show` brings it back with everything that has come since; others say whether
    they are forgotten.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    dims : Dims
        The viewer's dims: only what is displayed is drawn anew at once.
    image : ImageSource
    document : Document
    history : History
    on_refused : callable
        Called with a sentence when painting was taken back.
    on_remark : callable
        Called with a sentence when a part of it was.

    Attributes
    ----------
    layer : Labels
        In the axis order of the image and where it lies; 16 bits, or 32 when an object
        number needs them.
    """

    def __init__(
        self,
        layers: LayerList,
        dims: Dims,
        image: ImageSource,
        document: Document,
        history: History,
        *,
        on_refused: Callable[[str], None],
        on_remark: Callable[[str], None],
    ) -> None:
        self._layers = layers
        self._dims = dims
        self._space = image.space
        self._document = document
        self._history = history
        self._on_refused, self._on_remark = on_refused, on_remark
        self._hidden: frozenset[int] = frozenset()
        self._stale: set[int] = set()
        self._is_writing = False
        self._labels = self._make_labels(document.label_dtype)
        self.layer: Labels = _make_layer(image, document, self._labels)
        self._last_displayed: int | None = None
        self._stroke = StrokeWatch(self.layer, self._on_painted, self._on_refreshed)
        self._rest = BrushRest(
            self.layer, dims, image.space, on_refused=on_refused, on_remark=on_remark
        )
        self._unfollow = follow_geometry(
            image.layer, [self.layer], image.space.label_offset()
        )
        self._connect()
        self.show()
        self.apply()

    @property
    def hidden(self) -> frozenset[int]:
        """Objects that are not drawn: painting leaves them alone, too."""
        return self._hidden

    @hidden.setter
    def hidden(self, object_ids: Iterable[int]) -> None:
        before, self._hidden = self._hidden, frozenset(object_ids)
        if self._hidden != before:
            self._stale |= self._document.masks.frames
            self.apply()

    def show(self) -> None:
        """Put the layer into the viewer if it is missing."""
        if self.layer not in self._layers:
            self._layers.append(self.layer)

    def apply(self, frames: Iterable[int] | None = None) -> None:
        """Have frames drawn anew that have changed; refresh if one is displayed.

        A frame on which the user is painting waits for the end of the stroke.

        Parameters
        ----------
        frames : iterable of int, optional
            All that have changed by default; those that have not are left alone.
        """
        self._fit_dtype()
        due = self._stale & (self._stale if frames is None else {*frames})
        due -= self._frames_in_hand()
        self._labels.forget(due)
        self._stale -= due
        if due:
            shown = self._displayed()
            if shown is None or shown in due:
                self._refresh()

    def object_at(
        self,
        world_position: Sequence[float],
        view_direction: npt.ArrayLike | None = None,
    ) -> int | None:
        """Return the object seen at a position in the world; None for background.

        Parameters
        ----------
        world_position : sequence of float
        view_direction : array-like, optional
            Where the camera looks, along all world axes: in a view in 3-D the first
            object on that line is seen.
        """
        if len(self._dims.displayed) == 3:
            found = self.layer.get_value(
                world_position,
                view_direction=view_direction,
                dims_displayed=list(self._dims.displayed),
                world=True,
            )
            return int(found) if found in self._document.objects else None
        point = self.layer.world_to_data(world_position)
        offset = self._space.label_offset()
        point = [c + o for c, o in zip(point, offset, strict=True)]
        try:
            frame, point_yx = self._space.to_frame(point)
        except Sam2Error:
            return None
        return self._document.object_at(frame, point_yx, hidden=self._hidden)

    def disconnect(self) -> None:
        """Leave the layer to the user, as it is."""
        self._document.masks_changed.disconnect(self._on_masks_changed)
        self._document.objects_changed.disconnect(self._on_objects_changed)
        self._document.selection_changed.disconnect(self._on_selection_changed)
        self.layer.events.selected_label.disconnect(self._on_label_chosen)
        self.layer.events.data.disconnect(self._on_data_exchanged)
        self._stroke.disconnect()
        self._rest.disconnect()
        self._unfollow()

    def _connect(self) -> None:
        self._document.masks_changed.connect(self._on_masks_changed)
        self._document.objects_changed.connect(self._on_objects_changed)
        self._document.selection_changed.connect(self._on_selection_changed)
        self.layer.events.selected_label.connect(self._on_label_chosen)
        self.layer.events.data.connect(self._on_data_exchanged)
        self._on_selection_changed(self._document.selected)

    def _on_masks_changed(self, frames: frozenset[int]) -> None:
        self._stale |= frames

    def _on_selection_changed(self, object_id: int | None) -> None:
        """Paint with the selected object."""
        if object_id is not None:
            self._fit_dtype()
            self.layer.selected_label = object_id

    def _on_label_chosen(self, _event: Any) -> None:
        """Select the object that was picked; new numbers wait for a stroke."""
        chosen = int(self.layer.selected_label)
        if chosen in self._document.objects:
            self._document.select(chosen)

    def _on_data_exchanged(self, _event: Any) -> None:
        """Put our array back: another one would not show what is tracked."""
        if self._is_writing:
            return
        with self._writing():
            self.layer.data = self._labels
        self._on_refused(
            f"The array of {self.layer.name} cannot be exchanged. To begin from other "
            "labels, open them as a layer of their own and start objects from it."
        )

    def _on_painted(self) -> None:
        if not self._is_writing:
            self._take(self._labels.written())

    def _on_refreshed(self) -> None:
        """Look for changed pixels where a frame is shown anew rather than another one.

        So napari's undo, and scripts that change pixels, are not overlooked.
        """
        before, self._last_displayed = self._last_displayed, self._displayed()
        if not self._is_writing:
            again = set() if before is None else {before} & {self._last_displayed}
            self._take(self._labels.written() | again)

    def _take(self, frames: set[int]) -> None:
        """Take over what the user painted on these frames."""
        known = ((frame, self._labels.known(frame)) for frame in frames)
        done = paint(
            self._document,
            ((f, canvas.drawn, canvas.labels) for f, canvas in known if canvas),
        )
        self._labels.settle(frames)
        if done.edit is not None:
            self._history.do(done.edit)
        if done.kept:
            self._stale |= {frame for _, frame in done.kept}
            tell = self._on_refused if done.edit is None else self._on_remark
            tell(tell_of_locks(self._document, done))
        if done.edit is not None or done.kept:
            self.apply(frames)

    def _paintable(self) -> set[int]:
        """Return the frames that napari's tools can reach in the present view."""
        shown = self._displayed()
        if shown is None or self.layer.n_edit_dimensions > len(self._dims.displayed):
            return set(range(self._space.frame_count))
        return {shown} & set(range(self._space.frame_count))

    def _frames_in_hand(self) -> set[int]:
        return self._paintable() if self._stroke.is_going_on else set()

    def _displayed(self) -> int | None:
        return self._space.displayed_frame(self.layer, self._dims)

    def _make_labels(self, dtype: npt.DTypeLike) -> LabelStack:
        return LabelStack(self._space, dtype, self._drawn_on)

    def _drawn_on(self, frame: int) -> Drawn:
        return drawn(self._document, frame, self._hidden)

    def _refresh(self) -> None:
        with self._writing():
            self.layer.refresh()

    def _on_objects_changed(self, _changed: object) -> None:
        # Only where it must be: napari computes all colours, and a thumbnail, anew.
        if not are_coloured(self.layer.colormap, self._document.objects):
            self._recolour()

    def _recolour(self) -> None:
        self.layer.colormap = mask_colours(self._document.objects)

    def _fit_dtype(self) -> None:
        """Take an array of wider numbers when an object needs one."""
        dtype = self._document.label_dtype
        if self._labels.dtype.itemsize < dtype.itemsize:
            self._labels = self._make_labels(dtype)
            with self._writing():
                self.layer.data = self._labels

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._is_writing, before = True, self._is_writing
        try:
            yield
        finally:
            self._is_writing = before


def _make_layer(image: ImageSource, document: Document, labels: LabelStack) -> Labels:
    return Labels(
        labels,
        name=f"{image.layer.name} objects",
        colormap=mask_colours(document.objects),
        **copy_geometry(image.layer, image.space.label_offset()),
    )
