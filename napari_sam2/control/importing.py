"""Labels that exist already become objects and prompts, read off the GUI thread."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.control.status import Activity
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import FrameError, PromptError
from napari_sam2.core.packed import PackedMask, pack_labels
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Mapping

    import numpy.typing as npt

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.state.history import History

    ReadLabels = Callable[[int], npt.ArrayLike]
    FrameOfMasks = tuple[int, dict[int, PackedMask]]


class Importing:
    """Reads label images on the lane and paints them into the document.

    Parameters
    ----------
    history : History
    dispatcher : Dispatcher
    """

    def __init__(self, history: History, dispatcher: Dispatcher) -> None:
        self._history = history
        self._dispatcher = dispatcher
        self._numbers = count(1)

    def start(
        self,
        read: ReadLabels,
        frames: Iterable[int],
        object_ids: Collection[int] | None,
        names: Mapping[int, str],
    ) -> None:
        """Take label images over; see :meth:`Controller.take_labels`."""
        gesture = "labels", next(self._numbers)
        frames = tuple(frames)
        shape_hw = self._history.document.shape_hw
        taken: set[int] = set()

        def job(token: CancelToken) -> Generator[Progress | FrameOfMasks]:
            for done, frame in enumerate(frames):
                yield Progress(done, len(frames), "Reading labels")
                labels = _read(read, frame, shape_hw)
                yield frame, pack_labels(labels, object_ids)

        def take(item: FrameOfMasks) -> None:
            frame, masks = item
            taken.update(masks)
            self._paint(frame, masks, names, gesture)

        def end(error: Exception | None) -> None:
            if error is not None:
                self._dispatcher.board.complain(error)
            elif not taken:
                self._dispatcher.board.complain(
                    PromptError("There are no labels on these frames: nothing to take.")
                )
            else:
                self._dispatcher.board.say(f"{len(taken)} objects start from labels.")

        self._dispatcher.send(Activity.LOADING, job, on_item=take, on_end=end)

    def _paint(
        self,
        frame: int,
        masks: Mapping[int, PackedMask],
        names: Mapping[int, str],
        gesture: tuple[str, int],
    ) -> None:
        document = self._history.document
        on_frame = document.masks.on_frame(frame)
        locked = {(i, frame) for i, mask in on_frame.items() if mask.is_locked}
        free = {
            (object_id, frame): mask
            for object_id, mask in masks.items()
            if (object_id, frame) not in locked
        }
        given = {object_id: names.get(object_id, "") for object_id, _ in free}
        edit = edits.paint_masks(document, free, names=given)
        edit = replace(edit, label="Start from labels")
        self._history.do(edit, gesture=gesture)


def _read(
    read: ReadLabels, frame: int, shape_hw: tuple[int, int]
) -> npt.NDArray[np.integer[Any]]:
    try:
        labels = np.asarray(read(frame))
    except (OSError, ValueError, RuntimeError, IndexError) as error:
        raise FrameError(
            f"The labels of frame {frame} could not be read: {error}"
        ) from error
    if labels.shape != shape_hw or labels.dtype.kind not in "bui":
        raise PromptError(
            f"The labels of frame {frame} have shape {labels.shape} and type "
            f"{labels.dtype}, but whole numbers of shape {shape_hw} are needed: a "
            "label for every pixel of the frame."
        )
    return labels
