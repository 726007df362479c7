"""Image features of recent frames, shared by all objects, directions and runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.model.image_encoder import ImageFeatures


class FeatureCache:
    """Least-recently-used features by frame, bounded in bytes.

    Parameters
    ----------
    max_bytes : int
        Most bytes held. The newest frame is held even when it alone is larger.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._features: OrderedDict[int, ImageFeatures] = OrderedDict()

    def __contains__(self, frame: int) -> bool:
        """Whether the features of a frame are held."""
        return frame in self._features

    def __len__(self) -> int:
        """Count the frames held."""
        return len(self._features)

    def get(self, frame: int) -> ImageFeatures | None:
        """Return a frame's features and mark them as used, or None."""
        features = self._features.get(frame)
        if features is not None:
            self._features.move_to_end(frame)
        return features

    def put(self, frame: int, features: ImageFeatures) -> None:
        """Hold a frame's features and drop the least recently used to fit."""
        if frame in self._features:
            self.nbytes -= self._features.pop(frame).nbytes
        self._features[frame] = features
        self.nbytes += features.nbytes
        while self.nbytes > self.max_bytes and len(self._features) > 1:
            _, dropped = self._features.popitem(last=False)
            self.nbytes -= dropped.nbytes

    def clear(self) -> None:
        """Drop everything."""
        self._features.clear()
        self.nbytes = 0
