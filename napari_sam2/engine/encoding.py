"""Frames of one stack to image features, each computed once while it is remembered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.engine.device import apart
from napari_sam2.engine.next_frames import next_frames
from napari_sam2.engine.preprocess import to_model
from napari_sam2.engine.stepping import GroupRunner
from napari_sam2.engine.views import whole_view
from napari_sam2.model.image_encoder import ImageFeatures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from napari_sam2.engine.features import FeatureCache
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.reading import FrameReader, ReadAhead
    from napari_sam2.engine.views import View
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


def images_at_once(device: torch.device, image_size: int) -> int:
    """Return how many images are encoded together, the fastest way on a device."""
    if device.type != "cpu":
        return _MOST_ON_GPU
    return max(1, min(_MOST_ON_PROCESSOR, _PIXELS_ON_PROCESSOR // image_size**2))


def frames_at_once(device: torch.device, image_size: int) -> int:
    """Return how many frames are encoded together, though only one is wanted yet."""
    if device.type == "cpu" and image_size < _SMALLEST_IN_FRAMES:
        return 1
    return min(_MOST_FRAMES, images_at_once(device, image_size))


class FrameEncoder:
    """Reads, prepares and encodes views of frames through a cache.

    Views of one frame are encoded together, and so are whole frames that will be looked
    at one after the other: small images alone leave most of a device idle.

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
        device, size = model.device, model.config.image_size
        self._batches = GroupRunner(images_at_once(device, size))
        self._frames_at_once = frames_at_once(device, size)
        self._whole = whole_view(reader.source.shape_hw)
        self._held: tuple[int, npt.NDArray[Any]] | None = None
        batch = self._frames_at_once * bytes_per_frame(model.config)
        self._next = next_frames(model) if cache.max_bytes >= 2 * batch else None
        if self._next is not None:
            cache.leave(batch)

    def worth_reading(self, most: int) -> int:
        """Return how many frames to read ahead: so that two batches are, if two run."""
        return most if self._next is None else 2 * most

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
            made = self._encode([(frame, view) for view in missing], {frame: pixels})
            found |= zip(missing, made, strict=True)
        elif ahead is not None:
            ahead.discard(frame)
        shown = [one for view in views if (one := found[view]) is not None]
        if len(found) == 1:
            return shown[0]
        return ImageFeatures(*map(torch.cat, zip(*shown, strict=True)))

    def encode_ahead(self, frame: int, ahead: ReadAhead) -> None:
        """Encode a whole frame, and with it those that are expected next.

        Parameters
        ----------
        frame : int
            A frame whose whole view is wanted now.
        ahead : ReadAhead
            Knows what comes next; frames that cannot be read are left for later.
        """
        if (frame, self._whole) not in self.cache:
            pixels = {frame: self._pixels(frame, ahead)}
            pixels.update(ahead.coming(self._frames_that_fit() - 1))
            self._encode(self._whole_and_new(pixels), pixels)
        if self._next is not None:
            self._next.mark()

    def encode_next(self, ahead: ReadAhead) -> None:
        """Begin with what :meth:`encode_ahead` will encode next, if a device can.

        Call when all that a frame needs is launched, and before waiting for it. Frames
        that are not read yet, and all where they do not fit at once, are left alone.
        """
        if self._next is None:
            return
        pixels = ahead.read_already(
            lambda frame: (frame, self._whole) not in self.cache,
            self._frames_that_fit(),
        )
        wanted = self._whole_and_new(pixels)
        if 0 < len(wanted) <= self._batches.size:
            self._next.start(wanted, lambda: self._encoded(wanted, pixels))

    def forget_next(self) -> None:
        """Let go of what was begun for frames that will not come."""
        if self._next is not None:
            self._next.forget()

    def forget(self) -> None:
        """Let go of all features."""
        self.forget_next()
        self.cache.clear()

    def _frames_that_fit(self) -> int:
        room = self.cache.max_bytes // bytes_per_frame(self._model.config)
        return min(self._frames_at_once, room)

    def _whole_and_new(self, frames: Iterable[int]) -> list[tuple[int, View]]:
        wanted = ((frame, self._whole) for frame in frames)
        return [one for one in wanted if one not in self.cache]

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
        self,
        wanted: Sequence[tuple[int, View]],
        pixels: Mapping[int, npt.NDArray[Any]],
    ) -> list[ImageFeatures]:
        """Encode views of frames, and remember what they show."""
        made = None if self._next is None else self._next.take(wanted)
        if made is None:
            made = self._batches.run(wanted, partial(self._encoded, pixels=pixels))
        for key, features in zip(wanted, made, strict=True):
            self.cache.put(key, features)
        return made

    def _encoded(
        self,
        some: Sequence[tuple[int, View]],
        pixels: Mapping[int, npt.NDArray[Any]],
    ) -> list[ImageFeatures]:
        """Encode as many views as are computed at once."""
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
