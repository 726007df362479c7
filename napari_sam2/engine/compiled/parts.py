"""The parts of the network as functions of tensors, which a compiler can take whole."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.memory_attention import MemoryTokens
from napari_sam2.model.position import fix_tables
from napari_sam2.model.prompt_encoder import PromptTokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_sam2.model.sam2 import Sam2Model


class Parts(NamedTuple):
    """What is compiled; everything else is done too seldom."""

    encode: Callable[..., tuple[Tensor, ...]]
    attend: Callable[..., tuple[Tensor, ...]]
    decode: Callable[..., tuple[Tensor, ...]]
    remember: Callable[..., tuple[Tensor, ...]]


def part_functions(model: Sam2Model) -> Parts:
    """Return the parts of a model as it is now; its weights are not copied."""
    fixed = _sharing_weights(model)

    def encode(images: Tensor) -> tuple[Tensor, ...]:
        return tuple(fixed.encode_image(images))

    def attend(
        coarse: Tensor,
        values: Tensor,
        keys: Tensor,
        bias: Tensor | None,
        pointer_tokens: int,
    ) -> tuple[Tensor, ...]:
        features = ImageFeatures(coarse, coarse, coarse)  # the finer are not looked at
        memory = MemoryTokens(values, keys, pointer_tokens, bias)
        return (fixed.attend_memory(features, memory),)

    def decode(
        conditioned: Tensor, middle: Tensor, fine: Tensor, sparse: Tensor, dense: Tensor
    ) -> tuple[Tensor, ...]:
        features = ImageFeatures(conditioned, middle, fine)
        prompts = PromptTokens(sparse, dense)
        return tuple(fixed.decode(conditioned, features, prompts, ambiguous=True))

    def remember(
        coarse: Tensor, logits: Tensor, object_logits: Tensor
    ) -> tuple[Tensor, ...]:
        features = ImageFeatures(coarse, coarse, coarse)
        return (
            fixed.encode_memory(features, logits, object_logits, is_prompted=False),
        )

    return Parts(encode, attend, decode, remember)


def _sharing_weights(model: Sam2Model) -> Sam2Model:
    """Return a model of the same weights whose tables are made once."""
    shared = {id(one): one for one in (*model.parameters(), *model.buffers())}
    fixed = copy.deepcopy(model, shared)
    fix_tables(fixed)
    with torch.inference_mode(False), torch.no_grad():
        fixed.sam_prompt_encoder.pe_layer.grid(model.config.grid)
    return fixed
