"""The frames of one way through a stack: read and encoded ahead of their turn.

What is looked at in parts is encoded when it is known in which; whole frames several at
once, and where a device can do two things at once, beside those before them.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from napari_sam2.engine.frames.reading import ReadAhead, frames_ahead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_sam2.engine.frames.encoding import FrameEncoder
    from napari_sam2.engine.frames.next_frames import NextFrames
    from napari_sam2.engine.views.view import View
    from napari_sam2.model.image_encoder import ImageFeatures


class FramesAhead:
    """Knows which frames come next; call :meth:`close` when none do.

    Parameters
    ----------
    encoder : FrameEncoder
    beside : NextFrames
        Where a batch of frames is encoded before its turn.
    frames : iterable of int
        The frames that will be asked for, in order; consumed as far as is read ahead.
    most : int
        Most frames to read ahead; two batches are, where two are encoded at once.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        beside: NextFrames,
        frames: Iterable[int],
        most: int,
    ) -> None:
        self._encoder, self._beside = encoder, beside
        depth = frames_ahead(
            encoder.reader.source, 2 * most if beside.is_possible else most
        )
        self._reading = ReadAhead(encoder.reader, frames, depth)

    def features(self, frame: int, views: Sequence[View]) -> ImageFeatures:
        """Return what views of a frame show: :meth:`FrameEncoder.features`."""
        return self._encoder.features(frame, views, self._reading.take)

    @contextmanager
    def whole(self, frame: int) -> Iterator[None]:
        """Have a whole frame encoded, with those that come next.

        On leaving, when all that the frame needs is launched, the batch after that is
        begun, if it is read already and fits the device at once.
        """
        if not self._encoder.knows_whole(frame):
            self._encode_with_next(frame)
        self._beside.mark()
        yield
        self.discard(frame)  # not before: parts of it may be wanted, too
        if self._beside.is_possible:
            self._begin_next()

    def discard(self, frame: int) -> None:
        """Make room when a frame is not needed, or no more."""
        self._reading.discard(frame)

    def close(self) -> None:
        """Leave nothing behind of frames that will not come."""
        self._beside.forget()
        self._reading.close()

    def _encode_with_next(self, frame: int) -> None:
        """Encode a whole frame and others; such that cannot be read are left out."""
        pixels = {frame: self._encoder.pixels(frame, self._reading.take)}
        self.discard(frame)  # in case that it was held
        pixels.update(self._reading.coming(self._encoder.frames_at_once - 1))
        wanted = self._encoder.whole_and_new(pixels)
        self._encoder.encode(wanted, pixels, self._beside.take(wanted))

    def _begin_next(self) -> None:
        """Begin with what :meth:`_encode_with_next` will encode next."""
        pixels = self._reading.read_already(
            lambda frame: not self._encoder.knows_whole(frame),
            self._encoder.frames_at_once,
        )
        wanted = self._encoder.whole_and_new(pixels)
        if 0 < len(wanted) <= self._encoder.images_at_once:
            make = partial(self._encoder.encode_together, wanted, pixels)
            self._beside.start(wanted, make)
