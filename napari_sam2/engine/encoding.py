"""Frames of one stack to image features, each computed once while it is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.engine.preprocess import to_model
from napari_sam2.engine.stepping import GroupRunner
from napari_sam2.model.image_encoder import ImageFeatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.engine.features import FeatureCache
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.reading import FrameReader, ReadAhead
    from napari_sam2.engine.views import View

_LARGEST_BATCH = 8


class FrameEncoder:
    """Reads, prepares and encodes views of frames through a cache.

    Parameters
    ----------
    model : Network
    reader : FrameReader
    cache : FeatureCache
    """

    def __init__(
        self, model: Network, reader: FrameReader, cache: FeatureCache
    ) -> None:
        self.reader = reader
        self.cache = cache
        self._model = model
        self._batches = GroupRunner(_LARGEST_BATCH)
        self._held: tuple[int, npt.NDArray[Any]] | None = None

    def features(
        self, frame: int, views: Sequence[View], ahead: ReadAhead | None = None
    ) -> ImageFeatures:
        """Return what views of a frame show; call within :func:`device.inference`.

        Parameters
        ----------
        frame : int
        views : sequence of View
            One per object.
        ahead : ReadAhead, optional
            Where the frame may have been read already.

        Returns
        -------
        ImageFeatures
            A batch of one if all views are the same, else one per view.
        """
        found = {view: self.cache.get((frame, view)) for view in dict.fromkeys(views)}
        missing = [view for view, features in found.items() if features is None]
        if missing:
            pixels = self._pixels(frame, ahead)
            made = self._batches.run(missing, lambda some: self._encode(pixels, some))
            for view, features in zip(missing, made, strict=True):
                found[view] = features
                self.cache.put((frame, view), features)
        elif ahead is not None:
            ahead.discard(frame)
        shown = [one for view in views if (one := found[view]) is not None]
        if len(found) == 1:
            return shown[0]
        return ImageFeatures(*map(torch.cat, zip(*shown, strict=True)))

    def _pixels(self, frame: int, ahead: ReadAhead | None) -> npt.NDArray[Any]:
        """Return a frame; of parts, the last frame is held for more of them."""
        if self._held is not None and self._held[0] == frame:
            if ahead is not None:
                ahead.discard(frame)
            return self._held[1]
        pixels = ahead.take(frame) if ahead is not None else self.reader.read(frame)
        self._held = (frame, pixels) if self.reader.in_parts else None
        return pixels

    def _encode(
        self, pixels: npt.NDArray[Any], views: Sequence[View]
    ) -> list[ImageFeatures]:
        size, device = self._model.config.image_size, self._model.device
        parts = (self.reader.unit(view.cut(pixels)) for view in views)
        images = torch.cat([to_model(part, size, device) for part in parts])
        features = self._model.encode_image(images)
        if len(views) == 1:
            return [features]
        return [
            ImageFeatures(*(part[i : i + 1].clone() for part in features))
            for i in range(len(views))
        ]
