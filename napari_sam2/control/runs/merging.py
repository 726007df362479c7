"""Making one object of several, which ends a run that followed them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.status import Topic
from napari_sam2.core.wording import counted
from napari_sam2.state import edits
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_sam2.control.runs.running import Running
    from napari_sam2.control.status import StatusBoard
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.history import History


class Merging:
    """Merges objects, and says what became of their prompts.

    Parameters
    ----------
    history : History
    running : Running
    board : StatusBoard
    """

    def __init__(self, history: History, running: Running, board: StatusBoard) -> None:
        self._history, self._running, self._board = history, running, board

    def merge(self, object_ids: Collection[int]) -> None:
        """Make one object of several, as one undo step, or say why it cannot be.

        A run is given up: what it still finds are parts, which would replace the whole.
        """
        document = self._history.document
        with self._board.attempt(Topic.OBJECTS):
            edit = edits.merge_objects(document, object_ids)
            said = _outcome(edit)
            self._running.abandon(because_of="the objects")
            self._history.do(edit)
            document.select(min(object_ids))
            self._board.say(said, is_to_be_read=True)


def _outcome(edit: Edit) -> str:
    """Say what a merger leaves."""
    outlined = {frame for _, frame in edit.prompts}
    painted = {
        frame
        for (_, frame), mask in edit.masks.items()
        if frame in outlined and mask is not None and mask.origin is Origin.PAINTED
    }
    said = f"Done: {edit.label}."
    if not painted:
        return said
    return (
        f"{said} On {counted(len(painted), 'frame')} that had prompts, more than one "
        "of them was seen: the joined mask counts as painted there, and replaces the "
        "prompts."
    )
