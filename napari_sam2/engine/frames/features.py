"""Image features of recent frames, shared by all objects, directions and runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari_sam2.model.image_encoder import ImageFeatures


class FeatureCache:
    """Least-recently-used features by frame and view, bounded in bytes.

    Parameters
    ----------
    max_bytes : int
        Most bytes held. The newest view is held even when it alone is larger.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._features: OrderedDict[Hashable, ImageFeatures] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        """Whether the features of a view are held."""
        return key in self._features

    def __len__(self) -> int:
        """Count the views held."""
        return len(self._features)

    def get(self, key: Hashable) -> ImageFeatures | None:
        """Return a view's features and mark them as used, or None."""
        features = self._features.get(key)
        if features is not None:
            self._features.move_to_end(key)
        return features

    def put(self, key: Hashable, features: ImageFeatures) -> None:
        """Hold a view's features and drop the least recently used to fit."""
        if key in self._features:
            self.nbytes -= self._features.pop(key).nbytes
        self._features[key] = features
        self.nbytes += features.nbytes
        while self.nbytes > self.max_bytes and len(self._features) > 1:
            _, dropped = self._features.popitem(last=False)
            self.nbytes -= dropped.nbytes

    def clear(self) -> None:
        """Drop everything."""
        self._features.clear()
        self.nbytes = 0
