"""What a lesson shows: features of its frames, and the masks that are known on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.utils.checkpoint import checkpoint

from napari_sam2.engine.frames.features import FeatureCache
from napari_sam2.engine.frames.reading import FrameReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_sam2.finetuning.lessons import Lesson
    from napari_sam2.finetuning.truth import TruthStack
    from napari_sam2.finetuning.variants import Variant
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model

_FEWEST_PIXELS = 12  # of an object that is asked for, in the model's picture


class Shown(NamedTuple):
    """A lesson, ready for the model.

    Attributes
    ----------
    features : list of ImageFeatures
        Of every frame, batches of one.
    masks : Tensor of bool, shape (K, T, S, S)
        Empty where the object is absent, or nothing is known.
    known : Tensor of bool, shape (K, T)
        On the CPU.
    length : int
        Frames of the whole stack.
    """

    features: list[ImageFeatures]
    masks: Tensor
    known: Tensor
    length: int


class LessonPlayer:
    """Shows lessons; pictures that do not change are encoded once.

    Parameters
    ----------
    model : Sam2Model
        On the device that computes.
    stacks : sequence of TruthStack
    variants : sequence of Variant
        By number; the first leaves pictures as they are.
    learns_encoder : bool
        Whether features change as the model learns, and gradients go through them.
    cache_bytes : int
        Most bytes of features that are kept.
    """

    def __init__(
        self,
        model: Sam2Model,
        stacks: Sequence[TruthStack],
        variants: Sequence[Variant],
        *,
        learns_encoder: bool,
        cache_bytes: int,
    ) -> None:
        self._model = model
        self._stacks = stacks
        self._readers = [FrameReader(one.frames, one.limits) for one in stacks]
        self._variants = variants
        self._learns_encoder = learns_encoder
        self._cache = FeatureCache(cache_bytes)
        self._device = next(model.parameters()).device

    def show(self, lesson: Lesson) -> Shown:
        """Return features and masks of a lesson.

        Where its variant leaves no object in the picture, it is shown unaltered.

        Raises
        ------
        FrameError
            If a frame cannot be read.
        """
        stack = self._stacks[lesson.stack]
        for number in (lesson.variant, 0):
            variant = self._variants[number]
            first = self._masks(stack, lesson.objects, lesson.frames[0], variant)
            seen = first.flatten(1).sum(dim=1) >= _FEWEST_PIXELS
            if seen.any():
                break
        objects = [i for i, there in zip(lesson.objects, seen, strict=True) if there]
        objects = objects or list(lesson.objects)
        masks = [self._masks(stack, objects, f, variant) for f in lesson.frames]
        known = [[stack.knows(i, f) for f in lesson.frames] for i in objects]
        return Shown(
            [self._features(lesson.stack, frame, number) for frame in lesson.frames],
            torch.stack(masks, dim=1).to(self._device),
            torch.tensor(known),
            len(stack.frames),
        )

    def _masks(
        self, stack: TruthStack, objects: Sequence[int], frame: int, variant: Variant
    ) -> Tensor:
        """Return the masks of objects on a frame, (K, S, S)."""
        size = self._model.config.image_size
        blank = torch.zeros(size, size, dtype=torch.bool)
        found = (stack.mask(i, frame) for i in objects)
        return torch.stack(
            [blank if one is None else variant.mask(one.mask, size) for one in found]
        )

    def _features(self, stack: int, frame: int, number: int) -> ImageFeatures:
        held = self._cache.get((stack, frame, number))
        if held is not None:
            return held
        size = self._model.config.image_size
        unit = self._readers[stack].read(frame)
        image = self._variants[number].picture(unit, size, self._device)
        if self._learns_encoder:  # computed again on the way back, to save memory
            features: ImageFeatures = checkpoint(
                self._model.encode_image, image, use_reentrant=False
            )
            return features
        with torch.no_grad():
            features = self._model.encode_image(image)
        self._cache.put((stack, frame, number), features)
        return features
