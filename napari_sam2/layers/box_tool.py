"""What the tool for boxes does besides drawing them: clicks, and tools like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.layers import prompt_gestures as gestures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.layers import Shapes

    from napari_sam2.core.prompts import BoxPrompt
    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.layers.prompt_gestures import Press


class PromptTaker(Protocol):
    """What the tool needs of the prompt layers."""

    boxes: Shapes

    @property
    def object_id(self) -> int:
        """The object that is prompted."""
        ...

    def add(self, prompts: Iterable[PointPrompt | BoxPrompt]) -> None:
        """Add prompts as one step."""
        ...


class BoxTool:
    """The tool for boxes.

    Parameters
    ----------
    prompting : PromptTaker
    space : FrameSpace
    on_refused : callable
    """

    def __init__(
        self,
        prompting: PromptTaker,
        space: FrameSpace,
        on_refused: Callable[[str], None],
    ) -> None:
        self._prompting = prompting
        self._space = space
        self._on_refused = on_refused
        prompting.boxes.events.mode.connect(self._on_chosen)

    def disconnect(self) -> None:
        """Leave tools to napari."""
        self._prompting.boxes.events.mode.disconnect(self._on_chosen)

    def take_click(self, press: Press) -> None:
        """Take a click for a point, and a drag for nothing, where neither is a box."""
        if press.drawn is None or not press.drawn.is_click:
            self._on_refused(gestures.TOO_NARROW)
            return
        try:
            place = self._space.to_frame(press.drawn.at)
            point = PointPrompt(
                self._prompting.object_id, *place, not press.is_negative
            )
        except Sam2Error as error:
            self._on_refused(gestures.sentence_for(error))
        else:
            self._prompting.add([point])

    def _on_chosen(self, _event: Any) -> None:
        """Tell before anything is drawn that boxes are the only shapes here."""
        boxes = self._prompting.boxes
        better = gestures.better_tool(str(boxes.mode))
        if better is not None:
            boxes.mode, sentence = better
            self._on_refused(sentence)
