"""Features of the frames that come next, made while the present one is computed."""

from __future__ import annotations

import logging
from itertools import chain
from typing import TYPE_CHECKING

from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.engine.frames.encoding import bytes_per_frame, frames_per_batch
from napari_sam2.engine.groups import give_back_reserve
from napari_sam2.engine.streams import side_stream
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from napari_sam2.engine.network import Network
    from napari_sam2.engine.streams import SideStream, Started
    from napari_sam2.model.image_encoder import ImageFeatures

_log = logging.getLogger(__name__)


class NextFrames:
    """One batch of frames that is encoded on a side stream before it is wanted.

    It is kept apart until then, and taken only if it is the very batch that would be
    encoded now. What is computed therefore never hangs on how early that was begun, nor
    on how quickly frames are read.

    Parameters
    ----------
    side : SideStream or None
        Where it is encoded; None where no batch can be before its turn.
    nbytes : int
        Most bytes of features that are kept here.
    """

    def __init__(self, side: SideStream | None, nbytes: int) -> None:
        self.nbytes = nbytes
        self._side = side
        self._shortages = 0 if side is None else side.shortages
        self._keys: Sequence[Hashable] = ()
        self._started: Started[list[ImageFeatures]] | None = None

    @property
    def is_possible(self) -> bool:
        """Whether a batch can be begun before its turn."""
        return self._side is not None

    def mark(self) -> None:
        """Let the next batch begin beside all that is launched from now on."""
        if self._side is not None:
            self._side.mark()

    def start(
        self, keys: Sequence[Hashable], make: Callable[[], list[ImageFeatures]]
    ) -> None:
        """Begin with a batch, unless that was done; another one is forgotten.

        One that fails is tried again when it is wanted, and told then. Where memory
        runs out, or was so short that PyTorch gave back what it holds, all others are
        left for when they are wanted, too.
        """
        if self._side is None or self._keys == keys:
            return
        self._keys, self._started = keys, None
        is_short = self._side.shortages > self._shortages
        if is_short or not self._fits(self._side, make):
            # Out here, where the tensors of what failed are free.
            self._give_up()

    def take(self, keys: Sequence[Hashable]) -> list[ImageFeatures] | None:
        """Return a batch that is wanted now; None if it was not begun."""
        if self._side is None or self._started is None or self._keys != keys:
            return None
        made, done = self._started
        self._side.hand_over(done, chain.from_iterable(made))
        self.forget()
        return made

    def forget(self) -> None:
        """Let go of a batch that is not wanted any more."""
        self._keys, self._started = (), None

    def _fits(self, side: SideStream, make: Callable[[], list[ImageFeatures]]) -> bool:
        """Begin with a batch; return whether there is memory for it."""
        try:
            self._started = side.start(make)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                return False
            _log.info("Frames could not be encoded before their turn: %s", error)
        return True

    def _give_up(self) -> None:
        """Let all memory be for the frames whose turn it is."""
        self._side = None
        self.forget()
        give_back_reserve()
        _log.info("Out of memory: frames are encoded only when it is their turn")


def next_frames(model: Network, room: int) -> NextFrames:
    """Return what encodes frames beside other work, where a model can.

    Of a compiled model, the parts are graphs that share memory, so that only one of
    them may run; other networks do not say what they use.

    Parameters
    ----------
    model : Network
    room : int
        Bytes of features that may be kept in all: of two batches at least, one that is
        computed with and one that is begun.
    """
    device, config = model.device, model.config
    batch = frames_per_batch(device, config.image_size) * bytes_per_frame(config)
    is_able = device.type == "cuda" and isinstance(model, Sam2Model)
    if not is_able or room < 2 * batch:
        return NextFrames(None, 0)
    return NextFrames(side_stream(device), batch)
