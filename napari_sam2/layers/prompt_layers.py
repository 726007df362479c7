"""A points layer and a boxes layer that show the document's prompts, and change them.

They are plain napari layers with the feature columns ``object`` and ``polarity``. After
whatever the user does in them, both are read whole and compared with how they were
last time; what differs becomes one edit. What cannot be said is taken back.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers.base import ActionType
from psygnal import Signal

from napari_sam2.core.errors import Sam2Error
from napari_sam2.layers import prompt_gestures as gestures
from napari_sam2.layers import prompt_rows as rows
from napari_sam2.layers import prompt_style as style
from napari_sam2.layers.box_tool import BoxTool
from napari_sam2.layers.geometry import follow_geometry
from napari_sam2.layers.prompt_boxes import BoxReader, BoxWriter
from napari_sam2.layers.prompt_clipboard import Clipboard
from napari_sam2.layers.prompt_gestures import Press
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari.components import Dims, LayerList
    from napari.layers import Points, Shapes

    from napari_sam2.core.prompts import BoxPrompt, FramePrompts, PointPrompt
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.layers.prompt_boxes import Corners
    from napari_sam2.state.document import Document
    from napari_sam2.state.history import History
    from napari_sam2.state.masks import Place

_STARTS = {ActionType.ADDING, ActionType.CHANGING, ActionType.REMOVING}


class PromptLayers:
    """The prompts of a document as two layers of a viewer.

    A layer that the user removes withdraws its prompts, as one edit; it comes back when
    undo brings them back, and with :meth:`show`. A prompt for an object number that
    does not exist adds the object. A click with the other mouse button, or with Alt,
    gives a negative point; one with the tool for boxes is a point, too. Dragged points
    and boxes are followed while they move, as one step of undo; points stay at the last
    place inside the image.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    dims : Dims
        The viewer's dims: prompts are pasted on the frame that is displayed.
    image : ImageSource
    document : Document
    history : History
    on_refused : callable
        Called with a sentence when something was taken back.

    Attributes
    ----------
    points : Points
    boxes : Shapes
    """

    waiting = Signal()
    """There are boxes that are still to be shown; see :meth:`go_on`."""

    def __init__(
        self,
        layers: LayerList,
        dims: Dims,
        image: ImageSource,
        document: Document,
        history: History,
        *,
        on_refused: Callable[[str], None],
    ) -> None:
        self._layers, self._dims = layers, dims
        self._image, self._document = image, document
        self._shown_in = image.space.in_shown_channel(image.layer, dims)
        self._history = history
        self._on_refused = on_refused
        self._press = Press()
        self._is_positive = True
        self._is_pressed = self._is_writing = False
        self._begun: ActionType | None = None
        self._gesture = 0
        self._step: object = None
        self._last_read: rows.Said = {}
        self._at_rest: Corners = ()
        self._last_shown: Mapping[Place, FramePrompts] = {}
        self.points: Points = style.make_points(image)
        self.boxes: Shapes = style.make_boxes(image)
        self._box_reader = BoxReader(self.boxes, image.space)
        self._box_writer = BoxWriter(self.boxes, image)
        self._box_tool = BoxTool(self, image.space, on_refused)
        self._clipboard = Clipboard(self, dims, image.space)
        self._unfollow = follow_geometry(image.layer, [self.points, self.boxes])
        self._connect()
        self.show()
        self._show_document()

    @property
    def is_positive(self) -> bool:
        """Whether new points say where the object is, rather than where it is not."""
        return self._is_positive

    @is_positive.setter
    def is_positive(self, is_positive: bool) -> None:
        self._is_positive = is_positive
        self._set_defaults()

    @property
    def object_id(self) -> int:
        """The object that is prompted: the chosen one, or a new one."""
        return self._document.selected or edits.new_object_id(self._document)

    def show(self) -> None:
        """Put the layers into the viewer where they are missing."""
        self._show(self.boxes, self.points)

    @property
    def has_more(self) -> bool:
        """Whether there are boxes that the layer does not show yet."""
        return self._box_writer.has_more

    def go_on(self) -> None:
        """Show some more boxes, unless the user has something in hand."""
        if self._begun is not None or self._is_pressed:
            return
        with self._writing():
            self._box_writer.go_on()
        self._note_corners()
        self._last_read = self._read_layers()

    def set_prompts(self, news: Mapping[Place, FramePrompts]) -> None:
        """Replace prompts as one step, or take nothing over and tell why."""
        try:
            self._history.do(edits.say(self._document, news))
        except Sam2Error as error:
            self._on_refused(gestures.sentence_for(error))

    def add(self, prompts: Iterable[PointPrompt | BoxPrompt]) -> None:
        """Add prompts as one step."""
        before = self._document.prompts
        self.set_prompts(rows.differences(before, rows.with_prompts(before, prompts)))

    def forget(self, layer: Points | Shapes) -> None:
        """Withdraw what a layer shows, as one step."""
        keep = rows.only_boxes if layer == self.points else rows.only_points
        before = self._document.prompts
        self.set_prompts(rows.differences(before, keep(before)))
        if keep(self._document.prompts) != self._document.prompts:  # refused
            self.show()

    def disconnect(self) -> None:
        """Leave both layers to the user, as they are."""
        self._dims.events.point.disconnect(self._on_viewed)
        self._document.prompts_changed.disconnect(self._on_prompts_changed)
        self._document.selection_changed.disconnect(self._set_defaults)
        self._box_tool.disconnect()
        self._unfollow()
        for layer in (self.points, self.boxes):
            layer.events.data.disconnect(self._on_data)
            layer.events.features.disconnect(self._on_features)
            layer.mouse_drag_callbacks.remove(self._on_press)
            self._clipboard.unbind(layer)

    def _connect(self) -> None:
        self._dims.events.point.connect(self._on_viewed)
        self._document.prompts_changed.connect(self._on_prompts_changed)
        self._document.selection_changed.connect(self._set_defaults)
        for layer in (self.points, self.boxes):
            layer.events.data.connect(self._on_data)
            layer.events.features.connect(self._on_features)
            layer.mouse_drag_callbacks.append(self._on_press)
            self._clipboard.bind(layer)

    def _on_data(self, event: Any) -> None:
        if self._is_writing:
            return
        if event.action in _STARTS:
            self._begun = event.action
            self._gesture += 1
            self._set_defaults()  # selecting a point has made its features the defaults
            return
        self._begun = None
        press, self._press = self._press, Press()
        if press.is_in_3d and event.action == ActionType.ADDED:
            self._take_back()
            self._on_refused(gestures.DEPTHLESS)
        elif press.is_narrow:
            self._take_back()
            self._box_tool.take_click(press)
        else:
            self._commit_layer_edit()

    def _on_features(self) -> None:
        """Follow drags, and edits of the table; half-made changes are not read."""
        if self._is_writing or self._begun in (ActionType.ADDING, ActionType.REMOVING):
            return
        if self._begun is None:
            self._gesture += 1
        self._commit_layer_edit(is_final=self._begun is None)

    def _on_press(self, layer: Any, event: Any) -> Iterator[None]:
        """Let the other button, or Alt, say where the object is not; follow boxes.

        napari tells of points while they are dragged, but of boxes only at the end.
        """
        self._press = Press.of(layer, event)
        self._gesture += 1
        self._is_pressed = True
        self._step = None
        yield
        while event.type == "mouse_move":
            self._press = self._press.go_on(event)
            if layer == self.boxes and not self._press.is_narrow:
                self._commit_layer_edit(is_final=False)
            yield
        self._is_pressed = False

    def _take_back(self) -> None:
        """Have nothing be said with the press that is just ending."""
        if self._step is not None and self._step is self._history.last:
            self._history.undo()
        self._show_document()

    def _on_prompts_changed(self, _places: frozenset[Place]) -> None:
        if not self._is_writing and self._document.prompts != self._last_shown:
            self._show_document()

    def _on_viewed(self, _event: Any = None) -> None:
        """Show prompts in the channel that is looked at, as masks are in all."""
        space = self._image.space.in_shown_channel(self._image.layer, self._dims)
        is_in_hand = self._begun is not None or self._is_pressed
        if space != self._shown_in and not is_in_hand:
            self._shown_in = space
            self._show_document()

    def _commit_layer_edit(self, *, is_final: bool = True) -> None:
        """Make an edit of what the user has changed."""
        try:
            said = self._read_layers()
            news = rows.differences(self._last_read, said)
            news = rows.keep_exact(news, self._last_read, self._last_shown)
            edit = edits.say(self._document, news)
        except Sam2Error as error:
            if is_final:
                self._show_document()
                self._on_refused(gestures.sentence_for(error))
            return
        before = self._history.last
        with self._writing():
            self._history.do(edit, gesture=("prompts", id(self), self._gesture))
        if self._history.last is not before:
            self._step = self._history.last
        self._last_read, self._last_shown = said, dict(self._document.prompts)
        if is_final:
            self._normalise_layer(news)

    def _normalise_layer(self, news: Mapping[Place, FramePrompts]) -> None:
        """Write back where layers and document differ in how they say it."""
        shown = self._last_shown
        same = all(shown.get(place) == (one or None) for place, one in news.items())
        if same and self._box_reader.is_tidy:
            self._restyle()
            self._note_corners()
        else:
            reader = self._box_reader
            chosen = {reader.rows[n].place for n in self.boxes.selected_data}
            self._show_document()
            now = enumerate(reader.rows)
            self.boxes.selected_data = {n for n, row in now if row.place in chosen}

    def _read_layers(self) -> rows.Said:
        # Of several boxes in one place, the newest counts
        boxes = self._box_reader.read(self._at_rest)
        said = {row.place: row.said for row in boxes}
        points = rows.point_prompts(self.points, self._image.space)
        return rows.with_prompts(said, points)

    def _note_corners(self) -> None:
        """Note where the corners of boxes are while nobody drags one."""
        self._at_rest = [np.array(corners) for corners in self.boxes.data]

    def _show_document(self) -> None:
        """Show what the document says."""
        prompts, space = dict(self._document.prompts), self._shown_in
        with self._writing():
            rows.write_points(self.points, prompts, space)
            self._box_writer.write(prompts, space)
            self._restyle()
            self._show(*(one for one in (self.boxes, self.points) if len(one.data)))
        self._note_corners()
        self._last_read = self._read_layers()
        self._last_shown = prompts
        if self.has_more:
            self.waiting.emit()

    def _show(self, *layers: Points | Shapes) -> None:
        for layer in layers:
            if layer not in self._layers:
                self._layers.append(layer)

    def _restyle(self) -> None:
        style.style_points(self.points)
        style.style_boxes(self.boxes, style.edge_width(self._image))
        self._set_defaults()

    def _set_defaults(self, _selected: object = None) -> None:
        """Give what is drawn next the selected object and the present polarity."""
        object_id = self.object_id
        positive = self._is_positive and not self._press.is_negative
        style.set_defaults(self.points, object_id, positive)
        style.set_defaults(self.boxes, object_id, True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        before, self._is_writing = self._is_writing, True
        try:
            yield
        finally:
            self._is_writing = before
