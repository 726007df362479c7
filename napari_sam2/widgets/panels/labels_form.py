"""The form that makes objects of labels one has: which, as what, on which frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QSpinBox, QWidget

from napari_sam2.control import Topic
from napari_sam2.control.importing import LabelOrder
from napari_sam2.core.errors import PromptError
from napari_sam2.layers.label_source import label_source, parse_label_ids
from napari_sam2.widgets.controls.controls import button, choice, form, pick, row

if TYPE_CHECKING:
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.sessions.session import Session

_FORMS = (
    ("the pixels, as painted", "masks"),
    ("boxes around them", "boxes"),
    ("points within them", "points"),
)
_FRAMES = (
    ("this frame", "here"),
    ("each one's first frame", "first"),
    ("every frame", "all"),
    ("every few frames", "some"),
)
_INTO = (("new objects", True), ("the objects of these numbers", False))


class LabelsForm(QWidget):
    """Starts objects from a labels layer: of Cellpose, or painted by hand.

    Parameters
    ----------
    session : Session
    viewer : napari.Viewer
    links : Links
        Cut when another session is worked on.
    parent : QWidget, optional

    Attributes
    ----------
    layers, forms, into, frames : QComboBox
    ids : QLineEdit
    step : QSpinBox
    """

    taken = Signal()
    """Objects were made of labels."""

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
        self._make_fields()
        self._start = button(
            "Start objects", "Make objects of these labels, as one step", self.start
        )
        form(
            self,
            ("Labels", self.layers),
            ("Numbers", self.ids),
            ("As", self.forms),
            ("Into", self.into),
            ("On", row(self.frames, self.step)),
            ("", self._start),
        )
        for signal in ("inserted", "removed"):
            links.connect(getattr(viewer.layers.events, signal), self.refresh)
        self.refresh()
        self._show_step()

    def _make_fields(self) -> None:
        self.layers = choice("The labels layer to start from")
        self.ids = QLineEdit()
        self.ids.setPlaceholderText("all, or such as 1-20, 35")
        self.ids.setToolTip("Which labels become objects: their numbers, or all")
        self.forms = choice("What the labels become on their frames", _FORMS)
        self.into = choice(
            "Whether labels become new objects, under other numbers where theirs are"
            " taken, or are said about the objects that have these numbers",
            _INTO,
        )
        self.frames = choice("The frames on which labels become prompts", _FRAMES)
        self.step = QSpinBox()
        self.step.setRange(1, 999)
        self.step.setValue(10)
        self.step.setPrefix("each ")
        self.step.setToolTip("How many frames from one to the next")
        self.frames.currentIndexChanged.connect(self._show_step)

    def refresh(self, _: object = None) -> None:
        """List the labels layers that there are."""
        chosen, ours = self.layers.currentData(), self._session.masks.layer
        found = [x for x in self._viewer.layers if isinstance(x, Labels) and x != ours]
        self.layers.clear()
        for layer in found:
            self.layers.addItem(layer.name, layer)
        if not pick(self.layers, chosen):
            self.layers.setCurrentIndex(self.layers.count() - 1)
        self._start.setEnabled(bool(found))

    def start(self) -> None:
        """Make objects and prompts of the labels, or say why it cannot be done."""
        controller = self._session.controller
        with controller.attempt(Topic.LABELS):
            order, layer = self._order(), self.layers.currentData()
            controller.take_labels(order, on_taken=lambda: self._put_away(layer))

    def _put_away(self, layer: Any) -> None:
        """Hide labels that were used: they would cover what became of them."""
        if self._session.is_closed:
            return
        layer.visible = False
        controller = self._session.controller
        controller.say(f"{controller.status.message} {layer.name} is hidden now.")
        self.taken.emit()

    def _order(self) -> LabelOrder:
        layer = self.layers.currentData()
        if layer is None:
            raise PromptError("There is no other labels layer to start from.")
        source = label_source(layer, self._session.image.space)
        where = "here" if source.is_flat else self.frames.currentData()
        here, count = self._session.position.frame, self._session.document.frame_count
        step = self.step.value() if where == "some" else 1
        return LabelOrder(
            source.read,
            (here,) if where == "here" else tuple(range(0, count, step)),
            form=self.forms.currentData(),
            object_ids=parse_label_ids(self.ids.text()),
            are_new=self.into.currentData(),
            only_first=where == "first",
        )

    def _show_step(self, _: object = None) -> None:
        self.step.setVisible(self.frames.currentData() == "some")
