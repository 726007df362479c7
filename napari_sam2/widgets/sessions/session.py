"""What belongs to one image: document, history, controller and layers, together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_sam2.control import Activity, Controller, Topic
from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.io.prompt_json import PromptSet
from napari_sam2.layers.image_source import renewed
from napari_sam2.layers.layer_file import image_key, layer_path
from napari_sam2.layers.mask_layer import MaskLayer
from napari_sam2.layers.prompt_layers import PromptLayers
from napari_sam2.layers.taking_out import take_out
from napari_sam2.layers.tracks_layer import add_tracks
from napari_sam2.layers.turning import turned_points
from napari_sam2.project.session import fill_document
from napari_sam2.project.values import Contents
from napari_sam2.state import Document, History, edits
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.repaint import Repainter
from napari_sam2.widgets.sessions.filling import Filler
from napari_sam2.widgets.sessions.frame_position import FramePosition
from napari_sam2.widgets.sessions.recipes import make_recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.control import Lane, TrackerFactory
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state import Place, Settings


class Session:
    """Everything that belongs to one image, followed along one axis.

    Parameters
    ----------
    viewer : napari.Viewer
    image : ImageSource
    settings : Settings
    lane : Lane
        Shared by all sessions of a window, and closed by it.
    make_tracker : TrackerFactory
    contents : Contents, optional
        What a project keeps about the image.

    Raises
    ------
    ProjectError
        If the contents do not fit the image.
    """

    painted = Signal(frozenset)
    """Frames whose masks were drawn anew, at most some thirty times a second."""

    def __init__(
        self,
        viewer: Any,
        image: ImageSource,
        settings: Settings,
        *,
        lane: Lane,
        make_tracker: TrackerFactory,
        contents: Contents | None = None,
    ) -> None:
        self.image = image
        # By key, all that were ever seen beside it: a project has to know them.
        self.companions = {image_key(one): one for one in image.beside}
        self.links = Links()
        self.document = _document_of(image, contents or Contents())
        self.history = History(self.document)
        self.controller = Controller(
            self.history,
            settings,
            image.seen,
            lane=lane,
            make_tracker=make_tracker,
            limits=image.limits,
            recorder=make_recorder(contents),
        )
        self.position = FramePosition(viewer, image.layer, image.space, self.links)
        self._viewer = viewer
        self._image_name = str(image.layer.name)
        self.is_closed = False
        self._is_shown = False
        self._make_layers()
        self._repainter = Repainter(self._repaint)
        self._filler = Filler(self.prompts)
        self._filler.wake()
        self._listen()

    def _make_layers(self) -> None:
        """Add the layers: masks above the image, prompts above them."""
        parts = (
            self._viewer.layers,
            self._viewer.dims,
            self.image,
            self.document,
            self.history,
        )
        self.masks = MaskLayer(
            *parts, on_refused=self.refuse, on_remark=self.controller.say
        )
        self.prompts = PromptLayers(*parts, on_refused=self.refuse)

    def _listen(self) -> None:
        document, layers = self.document, self._viewer.layers
        for signal, slot in (
            (self.prompts.waiting, self._filler.wake),
            (document.masks_changed, self._repainter.add),
            (document.objects_changed, self._on_objects_changed),
            (document.spill.failed, self.controller.report),
            (layers.events.removed, self._on_layer_removed),
            (self.image.layer.events.name, self._on_image_renamed),
        ):
            self.links.connect(signal, slot)

    @property
    def layers(self) -> tuple[Any, ...]:
        """Our layers, whether or not they are in the viewer."""
        return self.masks.layer, self.prompts.boxes, self.prompts.points

    def refuse(self, sentence: str) -> None:
        """Say why something was taken back."""
        self.controller.report(PromptError(sentence), Topic.PROMPTS)

    def do(self, make_edit: Callable[[], Any]) -> None:
        """Make an edit that can be undone, or say why it cannot be made."""
        with self.controller.attempt(Topic.OBJECTS):
            self.history.do(make_edit())

    def begin(self) -> None:
        """Choose the layer of points, and load the model in the background."""
        self.controller.prepare()
        # Later, because napari chooses a layer itself after it was added.
        QTimer.singleShot(0, self._choose_points)

    def _choose_points(self) -> None:
        points = self.prompts.points
        # Who has gone on by now would be taken back, and forth by the other's points.
        is_here = self._is_shown and not self.is_closed
        if is_here and points in self._viewer.layers:
            self._viewer.layers.selection.active = points
            points.mode = "add"

    def look_at(self, image: ImageSource) -> None:
        """Show the model other channels or intensities of the same frames."""
        if not image.looks_like(self.image):
            self.image = image
            self.companions |= {image_key(one): one for one in image.beside}
            self.controller.set_frames(image.seen, image.limits)

    def look_again(self) -> bool:
        """Show the model the pixels that the layers have now; False if none fit."""
        try:
            self.image = renewed(self.image)
        except StackError:
            return False
        self.controller.set_frames(self.image.seen, self.image.limits)
        return True

    def take_along(self, other: Session) -> None:
        """Take the objects and points of a session along another axis, as one step."""
        prompts, objects = other.document.prompts, other.document.objects
        points = turned_points(prompts, other.image.space, self.image.space)
        names = {one.object_id: one.name for one in objects.values()}
        self.take_prompts(PromptSet(tuple(points), names))

    def take_prompts(self, found: PromptSet) -> None:
        """Take the prompts of a file, as one undo step."""
        said: dict[Place, FramePrompts] = {}
        for prompt in found.prompts:
            place = prompt.object_id, prompt.frame
            said[place] = said.get(place, FramePrompts()).with_prompt(prompt)
        self.history.do(edits.take_over(self.document, said, names=found.names))

    def image_files(self) -> tuple[Path, ...]:
        """Return the files of the image, and of all that were seen beside it."""
        found = map(layer_path, (self.image.layer, *self.companions.values()))
        return tuple(path for path in found if path is not None)

    def show(self, is_shown: bool) -> None:
        """Show or hide our layers, when another image is worked on."""
        self._is_shown = is_shown
        for layer in self.layers:
            layer.visible = is_shown

    def add_tracks(self) -> None:
        """Add a layer with the path of every object's centre."""
        with self.controller.attempt(Topic.MEASURING):
            add_tracks(self._viewer.layers, self.image, self.document)

    @property
    def has_image(self) -> bool:
        """Whether its image is in the viewer."""
        return self.image.layer in self._viewer.layers

    @property
    def is_running(self) -> bool:
        """Whether a run goes on, or finishes its frame."""
        going = Activity.RUNNING, Activity.STOPPING
        return self.controller.status.activity in going

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said or found yet."""
        return not self.document.prompts and not len(self.document.masks)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was done at all, so that there is nothing to come back to."""
        history = self.history
        return not self.document.objects and history.last is history.redo_label is None

    def close(self, *, is_window_gone: bool = False) -> None:
        """Stop, and listen to nothing; masks stay in the viewer as they are.

        Parameters
        ----------
        is_window_gone : bool, optional
            Whether layers can no longer be taken out of the viewer.
        """
        if self.is_closed:
            return
        self.is_closed = True
        if not is_window_gone:
            self._repainter.flush()
        self._repainter.close()
        self._filler.close()
        self.controller.close()
        self.links.cut()
        self.prompts.disconnect()
        self.masks.disconnect()
        if not is_window_gone:
            # Later, because napari may be in the middle of deleting all layers.
            QTimer.singleShot(0, self.take_out_layers)

    def take_out_layers(self) -> None:
        """Take out of the viewer what is of no use without the dock."""
        _, boxes, points = self.layers
        of_no_use = self.layers if self.is_empty else (boxes, points)
        take_out(self._viewer.layers, of_no_use)

    def _on_layer_removed(self, event: Any) -> None:
        """Forget with a layer of ours what it shows, later.

        Where all layers go at once, the image may be the last, and the work on an image
        that is gone is kept.
        """
        if event.value in self.layers:
            QTimer.singleShot(0, partial(self._forget, event.value))

    def _forget(self, layer: Any) -> None:
        """Forget what a layer shows; undo brings both back."""
        if self.is_closed or layer in self._viewer.layers or not self.has_image:
            return
        if layer == self.masks.layer:
            self.controller.clear_masks()
        else:
            self.prompts.forget(layer)

    def _on_image_renamed(self, _: object = None) -> None:
        """Call our layers after the image, unless the user gave them other names."""
        before, self._image_name = self._image_name, str(self.image.layer.name)
        for layer in self.layers:
            if layer.name.startswith(f"{before} "):
                layer.name = self._image_name + layer.name.removeprefix(before)

    def _bring_masks_back(self) -> None:
        """Show the layer of masks again, beneath the prompts, and change no tool."""
        layers = self._viewer.layers
        active = layers.selection.active
        self.masks.show()
        for layer in (self.prompts.boxes, self.prompts.points):
            if layer in layers:
                layers.move(layers.index(layer), len(layers))
        layers.selection.active = active

    def _repaint(self, frames: frozenset[int]) -> None:
        is_missed = self.masks.layer not in self._viewer.layers and self.has_image
        if is_missed and len(self.document.masks) and not self.is_closed:
            self._bring_masks_back()
        self.masks.apply()
        self.painted.emit(frames)

    def _on_objects_changed(self, object_ids: frozenset[int]) -> None:
        frames = {f for i in object_ids for f in self.document.masks.of_object(i)}
        self._repainter.add(frames)


def _document_of(image: ImageSource, contents: Contents) -> Document:
    """Return the document of an image, with what a project keeps about it."""
    document = Document(
        frame_count=image.frame_count,
        shape_hw=image.shape_hw,
        series_length=image.space.numbers.length,
    )
    # Before anybody listens: what a project keeps was answered already.
    fill_document(document, contents)
    return document
