"""Batches of drawn clips, the next one drawn while the present one is learnt from."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.training.scenes import draw

if TYPE_CHECKING:
    from napari_sam2.training.scenes import Clips
    from napari_sam2.training.scenes.draw import Families


class BatchOrder(NamedTuple):
    """Which batch is wanted: its number, its clips, and the frames of each."""

    batch: int
    clips: int
    frames: int


class Supply:
    """Draws the batches that are ordered, on CUDA while the one before is learnt from.

    A GPU would otherwise idle while the many small steps of drawing are issued. They
    are issued by a second thread, on a stream of their own, mostly while gradients are
    computed, for which no Python runs. On a processor there is nothing to win.

    Parameters
    ----------
    seed : int
        Of the stream of batches.
    size : int
        Side of the pictures in pixels.
    device : torch.device
    families : mapping of str to (callable, float)
        As :func:`~napari_sam2.training.scenes.draw` takes them.
    """

    def __init__(
        self, seed: int, size: int, device: torch.device, families: Families
    ) -> None:
        self._seed = seed
        self._size = size
        self._device = device
        self._families = families
        is_cuda = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if is_cuda else None
        self._thread = ThreadPoolExecutor(1, "drawing") if is_cuda else None
        self._ordered: BatchOrder | Future[Clips] | None = None

    def order(self, order: BatchOrder) -> None:
        """Say what :meth:`take` is to return next."""
        if self._thread is None:
            self._ordered = order
        else:
            self._ordered = self._thread.submit(self._draw_aside, order)

    def take(self) -> Clips:
        """Return the batch that was ordered."""
        ordered, self._ordered = self._ordered, None
        assert ordered is not None
        if isinstance(ordered, BatchOrder):
            return self._draw(ordered)
        clips = ordered.result()
        assert self._stream is not None
        present = torch.cuda.current_stream(self._device)
        present.wait_stream(self._stream)
        for part in clips:
            part.record_stream(present)
        return clips

    def close(self) -> None:
        """Stop drawing."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def _draw_aside(self, order: BatchOrder) -> Clips:
        with torch.cuda.stream(self._stream):
            return self._draw(order)

    def _draw(self, order: BatchOrder) -> Clips:
        return draw(
            self._seed,
            order.batch,
            clips=order.clips,
            frames=order.frames,
            size=self._size,
            device=self._device,
            families=self._families,
        )
