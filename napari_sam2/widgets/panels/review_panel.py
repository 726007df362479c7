"""Review: the timeline, the next doubtful frame, and the verdicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.control import Topic
from napari_sam2.core.errors import PromptError
from napari_sam2.state import edits
from napari_sam2.state.lineage import why_not_alive
from napari_sam2.state.review import onward
from napari_sam2.state.reviewer import Reviewer
from napari_sam2.widgets.controls.controls import button, column, row, switch
from napari_sam2.widgets.panels.remark import Remark
from napari_sam2.widgets.panels.thresholds_form import ThresholdsForm
from napari_sam2.widgets.timeline.strip_painter import Legend
from napari_sam2.widgets.timeline.timeline import Timeline
from napari_sam2.widgets.timeline.timeline_area import TimelineArea

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control import Controller
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.masks import Place
    from napari_sam2.state.review import Doubt
    from napari_sam2.widgets.controls.links import Links

_PORTION_SECONDS = 0.01
_PATIENCE_SECONDS = 0.05


class ReviewPanel(QWidget):
    """Leads through the masks that deserve a look.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    frame_now : callable
        Returns the frame that is displayed.
    name_frame : callable, optional
        Names a frame: "frame 3".
    parent : QWidget, optional
    """

    jump_asked = Signal(int)
    """A frame to go to."""
    fix_asked = Signal()
    """The tool is wanted that corrects the chosen object where the viewer is."""

    def __init__(
        self,
        controller: Controller,
        links: Links,
        *,
        frame_now: Callable[[], int],
        name_frame: Callable[[int], str] = "frame {}".format,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name_frame = name_frame
        self._controller = controller
        self._document = controller.document
        self._settings = controller.settings
        self._frame_now = frame_now
        self.reviewer = Reviewer(self._document, self._settings.thresholds)
        self.timeline = Timeline(
            self._document, self.reviewer, links, name_frame=name_frame
        )
        self._area = TimelineArea(self.timeline, self._document, links)
        self.remark = Remark(lambda: (self._document.selected, frame_now()))
        self._limits = ThresholdsForm(self._settings, links)
        self._legend = Legend()
        for one in (self._limits, self._legend):
            one.hide()
        self._doubt: Place | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._lay_out()
        self._wire(links)

    def _wire(self, links: Links) -> None:
        document = self._document
        self.timeline.frame_chosen.connect(self.jump_asked)
        self.timeline.object_chosen.connect(document.select)
        self._timer.timeout.connect(self._look)
        links.connect(document.masks_changed, self._on_masks_changed)
        links.connect(document.selection_changed, self._on_selection_changed)
        links.connect(self._settings.events.thresholds, self._on_limits_changed)
        links.at_end(self._timer.stop)
        self._timer.start()  # for what is known already

    def _lay_out(self) -> None:
        self._colours = switch("Colours?", "Show what the colours and marks mean",
                               self._on_legend_asked)  # fmt: skip
        self._what = switch("When doubtful?", "Show and change when a mask is doubtful",
                            self._on_limits_asked)  # fmt: skip
        column(
            self,
            self._area,
            self._make_verdicts(),
            self._make_steps(),
            row(self._colours, self._what),
            self.remark.label,  # below all buttons, which it would move
            self._legend,
            self._limits,
        )

    def _make_verdicts(self) -> QWidget:
        self._lock = button("Lock", "Lock this frame, or unlock it: no run and no click"
                            " changes a locked mask", self.toggle_lock)  # fmt: skip
        return row(
            button("Accept", "This frame is right as it is (K)", self.accept),
            button("Fix", "Correct this frame: click what is missing, or right-click"
                   " what is too much (H)", self.fix),
            button("Absent", "The object is not in this frame (W)", self.mark_absent),
            button("Divided", "The object has divided: it ends here, and the two pieces"
                   " of its mask are new objects, its daughters (Shift-W)",
                   self.divide),
            self._lock,
        )  # fmt: skip

    def _make_steps(self) -> QWidget:
        self.next_button = button(
            "Next doubtful (J)",
            "Go to the worst mask that nobody has accepted, and on to the next worst",
            self.next_doubtful,
        )
        self.again_button = button(
            "Follow from here",
            "Compute the chosen object anew from the displayed frame on, away from its"
            " first prompt, to the end of the range above; other objects stay as they"
            " are",
            self.follow_again,
        )
        return row(self.next_button, self.again_button)

    def show_frame(self, frame: int) -> None:
        """Mark the frame that is displayed, and speak of no other."""
        self.timeline.show_frame(frame)
        self._show_lock()
        self.remark.hush_elsewhere()

    def next_doubtful(self) -> None:
        """Go to the worst mask that nobody has accepted yet, and say what is odd.

        From one that is doubtful, go on to the next worst; after the last, begin again.
        """
        self._go_on(self._doubt_here())

    def _go_on(self, after: Doubt | None) -> None:
        self._look_for(_PATIENCE_SECONDS)
        doubt = self.reviewer.next_doubtful(after=after)
        if doubt is None:
            self._doubt = None
            self.remark.say(self._nothing_left())
            return
        self._doubt = doubt.object_id, doubt.frame
        self._document.select(doubt.object_id)
        name = self._document.get_object(doubt.object_id).name
        self.jump_asked.emit(doubt.frame)
        where = self._name_frame(doubt.frame)
        self.remark.say(f"{name}, {where}: {' '.join(doubt.reasons)}")

    def accept(self) -> None:
        """Say that the chosen object is right on the displayed frame, and go on."""
        place = self._place()
        doubt = self._doubt_here()
        if place is not None and self._do(
            lambda: edits.set_flags(self._document, [place], is_reviewed=True)
        ):
            self._go_on(doubt)

    def fix(self) -> None:
        """Get ready to correct the chosen object on the displayed frame."""
        place = self._place()
        if place is None:
            return
        name = self._document.get_object(place[0]).name
        self.remark.say(
            f"Click what is missing of {name}, right-click what is too much; then "
            "follow it again from here."
        )
        self.fix_asked.emit()

    def follow_again(self) -> None:
        """Compute the chosen object anew from the displayed frame on."""
        place, document = self._place(), self._document
        if place is None:
            return
        with self._controller.attempt(Topic.RUN):
            problem = why_not_alive(document.objects, document.lives, *place)
            if problem:
                raise PromptError(problem)
            direction, frames = onward(document, *place, self._settings.run_frames)
            self._controller.run(objects=[place[0]], direction=direction, frames=frames)

    def mark_absent(self) -> None:
        """Say that the chosen object is not in the displayed frame.

        Go on to the next doubtful frame when this was one.
        """
        place = self._place()
        doubt, was_asked_for = self._doubt_here(), place == self._doubt
        if place is None:
            return
        is_done = self._do(
            lambda: edits.mark_absent(self._document, place[0], [place[1]])
        )
        if is_done and was_asked_for:
            self._go_on(doubt)

    def divide(self) -> None:
        """Say that the chosen object is two daughters from the displayed frame on."""
        place = self._place()
        if place is not None:
            self._controller.dividing.divide(*place)

    def toggle_lock(self) -> None:
        """Lock the chosen object on the displayed frame, or unlock it."""
        place = self._place()
        if place is not None and place in self._document.masks:
            locks = not self._is_locked_here
            self._do(lambda: edits.set_flags(self._document, [place], is_locked=locks))

    @property
    def _is_locked_here(self) -> bool:
        chosen, frame = self._document.selected, self._frame_now()
        mask = None if chosen is None else self._document.masks.get((chosen, frame))
        return mask is not None and mask.is_locked

    def _show_lock(self) -> None:
        self._lock.setText("Unlock" if self._is_locked_here else "Lock")

    def _nothing_left(self) -> str:
        waiting = self.reviewer.waiting_count
        if waiting:
            return f"Nothing doubtful yet; {waiting} frames are still to be looked at."
        if not len(self._document.masks):
            return "There are no masks yet: propagate first."
        return "No mask is doubtful that you have not accepted."

    def _place(self) -> Place | None:
        chosen = self._document.selected
        if chosen is None:
            self.remark.say("Choose an object first.")
            return None
        return chosen, self._frame_now()

    def _doubt_here(self) -> Doubt | None:
        chosen = self._document.selected
        return (
            None if chosen is None else self.reviewer.doubt(chosen, self._frame_now())
        )

    def _do(self, make_edit: Callable[[], Edit]) -> bool:
        """Change the document; return whether that was allowed."""
        is_done = False
        with self._controller.attempt(Topic.OBJECTS):
            self._controller.history.do(make_edit())
            is_done = True
        return is_done

    def _on_selection_changed(self, _: int | None) -> None:
        """Speak of no other object."""
        self.remark.hush_elsewhere()
        self._show_lock()

    def _on_legend_asked(self) -> None:
        self._legend.setVisible(self._colours.isChecked())

    def _on_limits_asked(self) -> None:
        self._limits.setVisible(self._what.isChecked())

    def _on_limits_changed(self, _: object = None) -> None:
        self.reviewer.limits = self._settings.thresholds
        self._timer.start()

    def _on_masks_changed(self, _: frozenset[int]) -> None:
        self._show_lock()
        self._timer.start()

    def _look(self) -> None:
        """Look at a few frames whenever the window has nothing else to do."""
        self._look_for(_PORTION_SECONDS)
        if self.reviewer.is_up_to_date:
            self._timer.stop()

    def _look_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.reviewer.is_up_to_date:
            self.timeline.refresh(self.reviewer.refresh(1))
