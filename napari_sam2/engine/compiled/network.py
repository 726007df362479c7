"""A network whose often repeated parts are compiled, with static shapes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from napari_sam2.engine.compiled.chunks import chunks, filled
from napari_sam2.engine.compiled.full_bank import FullBank
from napari_sam2.engine.compiled.parts import part_functions
from napari_sam2.engine.compiled.race import Raced
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.object_state import ObjectState
from napari_sam2.model.prompt_encoder import PromptTokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from napari_sam2.core.quality import Precision
    from napari_sam2.engine.compiled.chunks import Chunk
    from napari_sam2.engine.compiled.support import Compiler
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.memory_attention import MemoryTokens
    from napari_sam2.model.sam2 import Sam2Model


class Untold(PromptTokens):
    """The tokens of no prompts: those of a click look the same."""

    __slots__ = ()


class CompiledNetwork:
    """A :class:`napari_sam2.engine.network.Network` around PyTorch's own.

    Clicks, masks and frames with few memories are computed as they are. Tracking is
    compiled: frames and objects come in batches of a few sizes and memories in few
    numbers, so that nothing is compiled anew when they change.

    Parameters
    ----------
    model : Sam2Model
        On the device and in the precision that it will be used in.
    compiler : Compiler
    """

    def __init__(self, model: Sam2Model, compiler: Compiler) -> None:
        self.model = model
        parts = part_functions(model)
        raced = partial(Raced, compiler=compiler, rounds=model.is_half)
        self._encode = raced("image encoder", parts.encode)
        self._attend = raced("memory attention", parts.attend)
        self._decode = raced("mask decoder", parts.decode)
        self._remember = raced("memory encoder", parts.remember)
        self._bank = FullBank(model.config)

    @property
    def config(self) -> Sam2Config:
        """Its sizes."""
        return self.model.config

    @property
    def device(self) -> torch.device:
        """Where the tensors are that it takes and returns."""
        return self.model.device

    @property
    def is_half(self) -> bool:
        """Whether what it multiplies is rounded to bfloat16."""
        return self.model.is_half

    @property
    def precision(self) -> Precision:
        """What it multiplies in."""
        return self.model.precision

    @property
    def weights_digest(self) -> str:
        """What tells its weights from others."""
        return self.model.weights_digest

    @property
    def notes(self) -> tuple[str, ...]:
        """What came of compiling so far, in sentences."""
        parts = self._encode, self._attend, self._decode, self._remember
        return tuple(note for part in parts for note in part.notes)

    def encode_image(self, images: Tensor) -> ImageFeatures:
        """Encode normalised images, (B, 3, S, S)."""
        count = len(images)
        features = _joined(
            self._encode(filled(images, chunk)) for chunk in chunks(count)
        )
        return ImageFeatures(*(part[:count] for part in features))

    def without_memory(self, features: ImageFeatures) -> Tensor:
        """Return the features that a first prompt is decoded on."""
        return self.model.without_memory(features)

    def recall(
        self, spatial: Tensor, slots: list[int], pointers: Tensor, ages: Tensor
    ) -> MemoryTokens:
        """Put together what objects remember, for :meth:`attend_memory`."""
        return self.model.recall(spatial, slots, pointers, ages)

    def attend_memory(self, features: ImageFeatures, memory: MemoryTokens) -> Tensor:
        """Return the features of one frame as B objects see them, (B, C, h, w)."""
        full = self._bank.filled(memory)
        if full is None:
            return self.model.attend_memory(features, memory)
        objects = len(full.values)
        [conditioned] = _joined(
            self._attend(
                _of(features.coarse, chunk),
                filled(full.values, chunk),
                filled(full.keys, chunk),
                full.bias,
                full.pointer_tokens,
            )
            for chunk in chunks(objects)
        )
        return conditioned[:objects]

    def embed_prompts(
        self, xy: Tensor, labels: Tensor, mask_logits: Tensor | None = None
    ) -> PromptTokens:
        """Encode prompts, for :meth:`decode`."""
        return self.model.embed_prompts(xy, labels, mask_logits)

    def embed_no_prompts(self, batch: int) -> Untold:
        """Encode the absence of prompts."""
        return Untold(*self.model.embed_no_prompts(batch))

    def decode(
        self,
        coarse: Tensor,
        features: ImageFeatures,
        prompts: PromptTokens,
        *,
        ambiguous: bool,
    ) -> ObjectState:
        """Decode B objects and take one mask of each."""
        if not (ambiguous and isinstance(prompts, Untold)):
            return self.model.decode(coarse, features, prompts, ambiguous=ambiguous)
        objects = len(prompts.sparse)
        state = _joined(
            self._decode(
                _of(coarse, chunk),
                _of(features.middle, chunk),
                _of(features.fine, chunk),
                filled(prompts.sparse, chunk),
                prompts.dense,
            )
            for chunk in chunks(objects)
        )
        return ObjectState(*(part[:objects] for part in state))

    def adopt_masks(self, features: ImageFeatures, masks: Tensor) -> ObjectState:
        """Take given masks, (B, 1, S, S), as the answer."""
        return self.model.adopt_masks(features, masks)

    def encode_memory(
        self,
        features: ImageFeatures,
        logits: Tensor,
        object_logits: Tensor,
        *,
        is_prompted: bool,
    ) -> Tensor:
        """Make spatial memories of B objects on one frame."""
        if is_prompted:
            return self.model.encode_memory(
                features, logits, object_logits, is_prompted=True
            )
        objects = len(logits)
        [memory] = _joined(
            self._remember(
                _of(features.coarse, chunk),
                filled(logits, chunk),
                filled(object_logits, chunk),
            )
            for chunk in chunks(objects)
        )
        return memory[:objects]


def _of(features: Tensor, chunk: Chunk) -> Tensor:
    """Return the features of a chunk of objects; a batch of one is everybody's."""
    return features if len(features) == 1 else filled(features, chunk)


def _joined(batches: Iterable[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """Put the results of batches one after the other."""
    parts = list(zip(*batches, strict=True))
    return tuple(one[0] if len(one) == 1 else torch.cat(one) for one in parts)
