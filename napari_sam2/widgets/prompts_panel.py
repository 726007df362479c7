"""The tools that say where an object is: points, boxes, brush; and labels one has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtWidgets import QButtonGroup, QMenu, QWidget

from napari_sam2.core.errors import PromptError
from napari_sam2.state import edits
from napari_sam2.widgets.controls import column, menu_button, row, switch, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QPushButton

    from napari_sam2.widgets.links import Links
    from napari_sam2.widgets.session import Session


class PromptsPanel(QWidget):
    """Chooses the layer and its mode, so that nobody has to know about layers.

    Parameters
    ----------
    session : Session
    viewer : napari.Viewer
    links : Links
        Cut when another session is worked on.
    parent : QWidget, optional
    """

    def __init__(
        self,
        session: Session,
        viewer: Any,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._viewer = viewer
        self._tools = QButtonGroup(self)
        buttons = self._make_tools()
        self._copy = menu_button("Copy from…", "Take the prompts of another frame")
        self._copy.menu().aboutToShow.connect(self._fill_frames)
        self._labels = menu_button(
            "Use labels…",
            "Make objects and prompts of masks you have, from Cellpose for example",
        )
        self._labels.menu().aboutToShow.connect(self._fill_labels)
        column(
            self,
            row(*buttons[:3]),
            row(*buttons[3:]),
            row(self._copy, self._labels),
            text("A right click adds a point that is not the object."),
        )
        links.connect(viewer.layers.selection.events.active, self._show_tool)
        for layer in session.layers:
            links.connect(layer.events.mode, self._show_tool)
        self._show_tool()

    def _make_tools(self) -> list[QPushButton]:
        tools: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("+ Point", "Click what belongs to the object", self.add_points),
            ("− Point", "Click what does not belong to it (Q switches)", self.exclude),
            ("Box", "Draw a box around the object", self.draw_boxes),
            ("Brush", "Paint the object on this frame: the mask is taken as it is",
             self.paint),
            ("Eraser", "Erase what is not the object", self.erase),
            ("Move", "Move and delete points and boxes", self.edit),
            ("Pick", "Click a mask to choose its object", self.pick),
        )  # fmt: skip
        buttons = [switch(*tool) for tool in tools]
        for number, one in enumerate(buttons):
            self._tools.addButton(one, number)
        return buttons

    def add_points(self) -> None:
        """Let clicks say what the object is."""
        self._session.prompts.is_positive = True
        self._use(self._session.prompts.points, "add")

    def exclude(self) -> None:
        """Let clicks say what the object is not."""
        self._session.prompts.is_positive = False
        self._use(self._session.prompts.points, "add")

    def switch_polarity(self) -> None:
        """Let the next clicks say the opposite."""
        if self._session.prompts.is_positive:
            self.exclude()
        else:
            self.add_points()

    def draw_boxes(self) -> None:
        """Let a drag draw a box."""
        self._use(self._session.prompts.boxes, "add_rectangle")

    def paint(self) -> None:
        """Let strokes add to the chosen object's mask."""
        self._use_masks("paint")

    def erase(self) -> None:
        """Let strokes take away from masks."""
        self._use_masks("erase")

    def pick(self) -> None:
        """Let a click on a mask choose its object."""
        self._use_masks("pick")

    def edit(self) -> None:
        """Select, move and delete points or boxes, whichever were used last."""
        boxes = self._session.prompts.boxes
        is_boxes = self._viewer.layers.selection.active == boxes
        self._use(boxes if is_boxes else self._session.prompts.points, "select")

    def copy_from(self, frame: int) -> None:
        """Take the chosen object's prompts of another frame to the displayed one."""
        document = self._session.document
        here, chosen = self._session.position.frame, document.selected
        if chosen is None or (chosen, frame) not in document.prompts:
            return
        said = document.prompts[chosen, frame]
        self._session.do(lambda: edits.set_prompts(document, chosen, here, said))

    def use_labels(self, layer: Any, object_ids: set[int] | None = None) -> None:
        """Make objects and mask prompts of a labels layer of the same frames."""
        session = self._session
        data = layer.data[0] if layer.multiscale else layer.data
        frames, shape_hw = session.document.frame_count, session.document.shape_hw
        layout = session.image.frames.layout
        if tuple(data.shape) == (frames, *shape_hw) and layout.frame in (0, None):
            wanted = range(frames)
        elif tuple(data.shape) == shape_hw:
            data, here = data[None], session.position.frame
            session.controller.take_labels(
                lambda _: np.asarray(data[0]), [here], object_ids=object_ids
            )
            return
        else:
            session.controller.report(
                PromptError(
                    f"The labels {layer.name} have the shape {tuple(data.shape)}, but "
                    f"there are {frames} frames of {shape_hw[0]} × {shape_hw[1]} "
                    "pixels: choose labels of this image."
                )
            )
            return
        session.controller.take_labels(
            lambda frame: np.asarray(data[frame]), wanted, object_ids=object_ids
        )

    def _use(self, layer: Any, mode: str) -> None:
        self._session.prompts.show()
        self._activate(layer, mode)

    def _use_masks(self, mode: str) -> None:
        self._session.masks.show()
        chosen = self._session.document.selected
        if chosen is not None:
            self._session.masks.layer.selected_label = chosen
        self._activate(self._session.masks.layer, mode)

    def _activate(self, layer: Any, mode: str) -> None:
        layer.visible = True
        self._viewer.layers.selection.active = layer
        layer.mode = mode
        self._show_tool()

    def _show_tool(self, _: object = None) -> None:
        """Press the button of the tool that is in use, however it was chosen."""
        session, active = self._session, self._viewer.layers.selection.active
        mode = "" if active is None else str(active.mode)
        number = -1
        if active == session.prompts.points:
            number = {"add": 0 if session.prompts.is_positive else 1}.get(mode, 5)
        elif active == session.prompts.boxes:
            number = {"add_rectangle": 2}.get(mode, 5)
        elif active == session.masks.layer:
            number = {"paint": 3, "erase": 4, "pick": 6}.get(mode, -1)
        self._tools.setExclusive(False)
        for one in self._tools.buttons():
            one.setChecked(self._tools.id(one) == number)
        self._tools.setExclusive(True)

    def _fill_frames(self) -> None:
        menu, document = self._copy.menu(), self._session.document
        menu.clear()
        here = self._session.position.frame
        for object_id, frame in sorted(document.prompts):
            if object_id == document.selected and frame != here:
                _add(menu, f"Frame {frame}", partial(self.copy_from, frame))
        if menu.isEmpty():
            menu.addAction("No prompts on other frames").setEnabled(False)

    def _fill_labels(self) -> None:
        menu = self._labels.menu()
        menu.clear()
        ours = self._session.masks.layer
        for layer in self._viewer.layers:
            if isinstance(layer, Labels) and layer != ours:
                _add(menu, layer.name, partial(self.use_labels, layer))
                chosen = int(layer.selected_label)
                _add(
                    menu,
                    f"{layer.name}: only {chosen}, its selected label",
                    partial(self.use_labels, layer, {chosen}),
                )
        if menu.isEmpty():
            menu.addAction("There is no other labels layer").setEnabled(False)


def _add(menu: QMenu, words: str, act: Callable[[], object]) -> None:
    menu.addAction(words).triggered.connect(lambda _=False: act())
