"""Ending an object where it divides, which ends a run that followed it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.status import Topic
from napari_sam2.state import edits

if TYPE_CHECKING:
    from napari_sam2.control.runs.running import Running
    from napari_sam2.control.status import StatusBoard
    from napari_sam2.state.history import History


class Dividing:
    """Divides objects, and says what they became.

    Parameters
    ----------
    history : History
    running : Running
    board : StatusBoard
    """

    def __init__(self, history: History, running: Running, board: StatusBoard) -> None:
        self._history, self._running, self._board = history, running, board

    def divide(self, object_id: int, frame: int) -> bool:
        """Make two daughters of an object, as one undo step, or say why it cannot be.

        A run is given up: it does not know the daughters.

        Returns
        -------
        bool
            Whether it has divided.
        """
        document, is_done = self._history.document, False
        with self._board.attempt(Topic.OBJECTS):
            edit = edits.divide_object(document, object_id, frame)
            name = document.get_object(object_id).name
            self._running.abandon(because_of="the objects")
            self._history.do(edit)
            document.select(min(edit.objects))
            daughters = " and ".join(document.objects[i].name for i in edit.objects)
            self._board.say(
                f"{name} ends here, and divides into {daughters}: Propagate follows "
                "them on.",
                is_to_be_read=True,
            )
            is_done = True
        return is_done
