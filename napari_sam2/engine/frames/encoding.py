"""Frames of one stack to image features, each computed once while it is remembered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.engine.device import apart
from napari_sam2.engine.frames.preprocess import to_model
from napari_sam2.engine.groups import GroupRunner
from napari_sam2.engine.views.view import whole_view
from napari_sam2.model.image_encoder import ImageFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from napari_sam2.engine.frames.features import FeatureCache
    from napari_sam2.engine.frames.reading import FrameReader
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.views.view import View
    from napari_sam2.model.config import Sam2Config

_MOST_ON_GPU = 8
_MOST_ON_PROCESSOR = 4
# More pixels leave a processor's caches: at 256 pixels four images at once took .6
# (nano) and .8 (tiny) times as long an image as one by one, at 512 1.0 and 1.1 times.
_PIXELS_ON_PROCESSOR = 512**2
_MOST_FRAMES = 4
# Products of smaller images are rounded in other ways when there are more of them. From
# here on a frame comes out the same on a processor, bit by bit, whatever it is encoded
# with, unless all products are rounded to bfloat16.
_SMALLEST_IN_FRAMES = 256


def images_per_batch(device: torch.device, image_size: int) -> int:
    """Return how many images are encoded together, the fastest way on a device."""
    if device.type != "cpu":
        return _MOST_ON_GPU
    return max(1, min(_MOST_ON_PROCESSOR, _PIXELS_ON_PROCESSOR // image_size**2))


def frames_per_batch(device: torch.device, image_size: int) -> int:
    """Return how many frames are encoded together, though only one is wanted yet."""
    if device.type == "cpu" and image_size < _SMALLEST_IN_FRAMES:
        return 1
    return min(_MOST_FRAMES, images_per_batch(device, image_size))


class FrameEncoder:
    """Encodes views of frames, and remembers what they show.

    Views of one frame are encoded together, and so are whole frames that will be looked
    at one after the other: small images alone leave most of a device idle.

    Parameters
    ----------
    model : Network
    reader : FrameReader
    cache : FeatureCache

    Attributes
    ----------
    frames_at_once : int
        How many whole frames to encode together: no more than are remembered.
    """

    def __init__(
        self, model: Network, reader: FrameReader, cache: FeatureCache
    ) -> None:
        self.reader = reader
        self.cache = cache
        self._model = model
        device, size = model.device, model.config.image_size
        self._batches = GroupRunner(images_per_batch(device, size), "images")
        fit = cache.max_bytes // bytes_per_frame(model.config)
        self.frames_at_once = max(1, min(frames_per_batch(device, size), fit))
        self._whole = whole_view(reader.source.shape_hw)
        self._held: tuple[int, npt.NDArray[Any]] | None = None

    @property
    def images_at_once(self) -> int:
        """How many views are encoded together: fewer once memory was too short."""
        return self._batches.size

    def features(
        self,
        frame: int,
        views: Sequence[View],
        read: Callable[[int], npt.NDArray[Any]] | None = None,
    ) -> ImageFeatures:
        """Return what views of a frame show; call within :func:`device.inference`.

        Parameters
        ----------
        frame : int
        views : sequence of View
            One per object.
        read : callable, optional
            Returns the frame, if it has been read ahead; asked only where it is needed.

        Returns
        -------
        ImageFeatures
            A batch of one if all views are the same, else one per view.
        """
        found = {view: self.cache.get((frame, view)) for view in dict.fromkeys(views)}
        missing = [view for view, features in found.items() if features is None]
        if missing:
            wanted = [(frame, view) for view in missing]
            made = self.encode(wanted, {frame: self.pixels(frame, read)})
            found |= zip(missing, made, strict=True)
        shown = [one for view in views if (one := found[view]) is not None]
        if len(found) == 1:
            return shown[0]
        return ImageFeatures(*map(torch.cat, zip(*shown, strict=True)))

    def knows_whole(self, frame: int) -> bool:
        """Whether it is remembered what a whole frame shows."""
        return (frame, self._whole) in self.cache

    def keeps_whole(self, frame: int) -> bool:
        """Whether that is remembered, and is for a while: it then counts as used now.

        What comes next in the meantime would otherwise take its place.
        """
        return self.cache.get((frame, self._whole)) is not None

    def whole_and_new(self, frames: Iterable[int]) -> list[tuple[int, View]]:
        """Return the whole views of frames, as far as they are not remembered."""
        return [(one, self._whole) for one in frames if not self.knows_whole(one)]

    def pixels(
        self, frame: int, read: Callable[[int], npt.NDArray[Any]] | None = None
    ) -> npt.NDArray[Any]:
        """Return a frame; of parts, the last frame is held for more of them."""
        if self._held is not None and self._held[0] == frame:
            return self._held[1]
        pixels = (read or self.reader.read)(frame)
        self._held = (frame, pixels) if self.reader.in_parts else None
        return pixels

    def encode(
        self,
        wanted: Sequence[tuple[int, View]],
        pixels: Mapping[int, npt.NDArray[Any]],
        made: list[ImageFeatures] | None = None,
    ) -> list[ImageFeatures]:
        """Encode views of frames, and remember what they show.

        Parameters
        ----------
        wanted : sequence of (frame, View)
        pixels : mapping of int to ndarray
            The frames, from :meth:`pixels`.
        made : list of ImageFeatures, optional
            What they show, where that was computed before.
        """
        if made is None:
            together = partial(self.encode_together, pixels=pixels)
            made = self._batches.run(wanted, together)
        for key, features in zip(wanted, made, strict=True):
            self.cache.put(key, features)
        return made

    def encode_together(
        self,
        some: Sequence[tuple[int, View]],
        pixels: Mapping[int, npt.NDArray[Any]],
    ) -> list[ImageFeatures]:
        """Encode at most :attr:`images_at_once` views of frames; nothing is kept."""
        size, device = self._model.config.image_size, self._model.device
        parts = (self.reader.unit(view.cut(pixels[frame])) for frame, view in some)
        images = torch.cat([to_model(part, size, device) for part in parts])
        return _one_by_one(self._model.encode_image(images))


def bytes_per_frame(config: Sam2Config) -> int:
    """Return how many bytes the features of one image take at most."""
    coarse = config.hidden_dim * config.grid**2
    return 4 * (coarse + coarse + 2 * coarse)  # middle and fine: more, but narrower


def _one_by_one(features: ImageFeatures) -> list[ImageFeatures]:
    """Part the features of a batch."""
    if len(features.coarse) == 1:
        return [features]
    return [ImageFeatures(*one) for one in zip(*map(apart, features), strict=True)]
