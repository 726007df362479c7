"""Fetching weights, with a status of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from psygnal import Signal

from napari_sam2.control.dispatch import Dispatcher
from napari_sam2.control.status import Activity, Status, StatusBoard, Topic
from napari_sam2.core.cancel import CancelToken, Progress

if TYPE_CHECKING:
    from psygnal import SignalInstance

    from napari_sam2.control.ports import Lane

Fetch: TypeAlias = Callable[[str, CancelToken], Generator[Progress, None, object]]
"""Brings the weights of a model here: yields bytes, returns None when cancelled.

The name may be the path of a file: then it makes sure that the weights fit.
"""


class Downloads:
    """Downloads models, one after the other.

    Give it another lane than the tracker's: a download takes minutes and computes
    nothing, and clicks should not wait for it.

    Parameters
    ----------
    lane : Lane
    fetch : callable
        Such as ``lambda name, token: download(find_checkpoint(name), token=token)``
        with :mod:`napari_sam2.engine.weights`.
    """

    finished = Signal(str)
    """The name of a model whose weights are here now."""

    def __init__(self, lane: Lane, fetch: Fetch) -> None:
        self._board = StatusBoard()
        self._dispatcher = Dispatcher(lane, self._board)
        self._fetch = fetch

    @property
    def status(self) -> Status:
        """What is going on."""
        return self._board.now

    @property
    def status_changed(self) -> SignalInstance:
        """Signal that carries every new :class:`Status`."""
        return self._board.changed

    def start(self, name: str) -> None:
        """Fetch the weights of a model, unless they are here already."""

        def job(token: CancelToken) -> Generator[Progress | str]:
            if (yield from self._fetch(name, token)) is not None:
                yield name

        def take(name: str) -> None:
            self._board.say(f"{Path(name).name} is here.")
            self.finished.emit(name)

        topic = Topic.DOWNLOAD
        self._board.begin(topic)
        self._dispatcher.send(
            Activity.LOADING, job, topic=topic, on_item=take, key=name
        )

    def stop(self) -> None:
        """Stop; what has come so far is kept for the next time."""
        self._dispatcher.stop()

    def close(self) -> None:
        """Stop, and hear nothing more; the lane is its owner's to close."""
        self._dispatcher.close()
