"""The tools that say where an object is: points, boxes, brush; and labels one has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QButtonGroup, QMenu, QWidget

from napari_sam2.state import edits
from napari_sam2.widgets.controls.controls import column, menu_button, row, switch, text
from napari_sam2.widgets.panels.labels_form import LabelsForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QPushButton

    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.sessions.session import Session


_BOX = 2
# Each fits into one line, so that nothing below moves when a tool is chosen.
_HINT = "A right click adds a point that is not the object."
_HINT_OF_BOXES = "Drag a box; a right click is “not the object”."


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
        self._begins = self.add_points
        buttons = self._make_tools()
        self._copy = menu_button("Copy from…", "Take the prompts of another frame")
        self._copy.menu().aboutToShow.connect(self._fill_frames)
        self._hint = text("")
        self._labels = switch(
            "Use labels…",
            "Make objects and prompts of masks you have, from Cellpose for example",
            self.use_labels,
        )
        self.labels_form = LabelsForm(session, viewer, links)
        self.labels_form.taken.connect(self.take_up)
        self.labels_form.hide()
        column(
            self,
            row(*buttons[:3]),
            row(*buttons[3:]),
            row(self._copy, self._labels),
            self.labels_form,
            self._hint,
        )
        self._watch_tools(links)

    def _watch_tools(self, links: Links) -> None:
        links.connect(self._viewer.layers.selection.events.active, self._show_tool)
        for layer in self._session.layers:
            links.connect(layer.events.mode, self._show_tool)
        self._show_tool()

    def _make_tools(self) -> list[QPushButton]:
        tools: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("+ Point", "Click what belongs to the object", self.add_points),
            ("− Point", "Click what does not belong to it (Q switches)", self.exclude),
            ("Box", "Drag from one corner of the object to the opposite one; a click"
             " without a drag is a point", self.draw_boxes),
            ("Brush", "Paint the object on this frame: the mask is taken as it is, and"
             " later clicks here add to it, or take from it", self.paint),
            ("Eraser", "Erase what is not the object", self.erase),
            ("Move", "Move and delete points and boxes", self.edit),
            ("Pick", "Click a mask to choose its object (with any tool: U)",
             self.pick),
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

    def take_up(self) -> None:
        """Let the next click begin an object, with the tool that began the last one."""
        self._begins()

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

    def choose_hovered(self) -> None:
        """Choose the object that is seen under the mouse, whatever tool is in use."""
        viewer, dims = self._viewer, self._viewer.dims
        camera = getattr(viewer, "scene", viewer).camera  # as of napari 0.9
        found = self._session.masks.object_at(
            viewer.cursor.position,
            camera.calculate_nd_view_direction(dims.ndim, dims.displayed),
        )
        if found is not None:
            self._session.document.select(found)

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

    def use_labels(self) -> None:
        """Show or hide what makes objects of labels."""
        self.labels_form.refresh()
        self.labels_form.setVisible(self._labels.isChecked())

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
        if number in (0, 2, 3):
            self._begins = {0: self.add_points, 2: self.draw_boxes, 3: self.paint}[
                number
            ]
        self._hint.setText(_HINT_OF_BOXES if number == _BOX else _HINT)
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
                words = self._session.image.space.describe_frame(frame)
                _add(menu, words.capitalize(), partial(self.copy_from, frame))
        if menu.isEmpty():
            menu.addAction("No prompts on other frames").setEnabled(False)


def _add(menu: QMenu, words: str, act: Callable[[], object]) -> None:
    menu.addAction(words).triggered.connect(lambda _=False: act())
