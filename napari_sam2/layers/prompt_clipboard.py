"""Copying prompts to other frames.

napari's own Ctrl-V tells nobody of pasted points, and fails in some versions; on these
layers it is ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from napari_sam2.core.errors import PromptError
from napari_sam2.layers.prompt_boxes import BoxReader
from napari_sam2.layers.prompt_rows import point_prompts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import Dims
    from napari.layers import Points, Shapes

    from napari_sam2.core.prompts import BoxPrompt, PointPrompt
    from napari_sam2.layers.coordinates import FrameSpace

_COPY, _PASTE = "Control-C", "Control-V"


class PromptTaker(Protocol):
    """What the clipboard needs of the prompt layers."""

    points: Points
    boxes: Shapes

    def add(self, prompts: Iterable[PointPrompt | BoxPrompt]) -> None:
        """Add prompts as one step."""
        ...


class Clipboard:
    """What was copied from the prompt layers.

    Parameters
    ----------
    prompting : PromptTaker
    dims : Dims
        The viewer's: prompts are pasted on the frame that is displayed.
    space : FrameSpace
    """

    def __init__(self, prompting: PromptTaker, dims: Dims, space: FrameSpace) -> None:
        self._prompting = prompting
        self._dims = dims
        self._space = space
        self._copied: list[PointPrompt | BoxPrompt] = []

    def bind(self, layer: Points | Shapes) -> None:
        """Let the keys for copying and pasting in a layer be these."""
        layer.bind_key(_COPY, self.copy, overwrite=True)
        layer.bind_key(_PASTE, self.paste, overwrite=True)

    def unbind(self, layer: Points | Shapes) -> None:
        """Give the keys back to napari."""
        layer.bind_key(_COPY, None)
        layer.bind_key(_PASTE, None)

    def copy(self, layer: Points | Shapes) -> None:
        """Copy the prompts that are selected in a layer."""
        try:
            listed = (
                [row.prompt for row in BoxReader(layer, self._space).read()]
                if layer == self._prompting.boxes
                else point_prompts(layer, self._space)
            )
        except PromptError:  # something that is about to be taken back
            return
        self._copied = [listed[index] for index in sorted(layer.selected_data)]

    def paste(self, layer: Points | Shapes) -> None:
        """Paste onto the frame that is displayed, all in one step."""
        frame = self._space.displayed_frame(layer, self._dims)
        if frame is not None and self._copied:
            self._prompting.add(replace(one, frame=frame) for one in self._copied)
