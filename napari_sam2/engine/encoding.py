"""Frames of one stack to image features, each computed once while it is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.engine.preprocess import to_model

if TYPE_CHECKING:
    import torch

    from napari_sam2.engine.features import FeatureCache
    from napari_sam2.engine.reading import FrameReader, ReadAhead
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model


class FrameEncoder:
    """Reads, prepares and encodes frames through a cache.

    Parameters
    ----------
    model : Sam2Model
    reader : FrameReader
    cache : FeatureCache
    device : torch.device
    """

    def __init__(
        self,
        model: Sam2Model,
        reader: FrameReader,
        cache: FeatureCache,
        device: torch.device,
    ) -> None:
        self.reader = reader
        self.cache = cache
        self._model = model
        self.device = device

    def features(self, frame: int, ahead: ReadAhead | None = None) -> ImageFeatures:
        """Return a frame's features; call within :func:`device.inference`.

        Parameters
        ----------
        frame : int
        ahead : ReadAhead, optional
            Where the frame may have been read already.
        """
        features = self.cache.get(frame)
        if features is not None:
            if ahead is not None:
                ahead.discard(frame)
            return features
        pixels = ahead.take(frame) if ahead is not None else self.reader.read(frame)
        image = to_model(pixels, self._model.config.image_size, self.device)
        features = self._model.encode_image(image)
        self.cache.put(frame, features)
        return features
