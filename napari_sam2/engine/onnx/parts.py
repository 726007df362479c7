"""The network in parts that can be written down as ONNX graphs.

Every part is a module of tensors to tensors. What differs from
:class:`napari_sam2.model.sam2.Sam2Model` is what a graph cannot hold: choices are
inputs instead of arguments, and features of V views of a frame come with the view that
each of B objects is seen in. Memory attention is in a file of its own.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_sam2.engine.onnx.attention_part import MemoryAttentionPart
from napari_sam2.engine.onnx.interface import (
    IMAGE_ENCODER,
    MASK_DECODER,
    MASK_PROMPT,
    MEMORY_ATTENTION,
    MEMORY_ENCODER,
)
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.mask_decoder import Choice, choose
from napari_sam2.model.object_state import MASK_BIAS, MASK_SCALE
from napari_sam2.model.position import fix_tables
from napari_sam2.model.prompt_encoder import NOT_A_POINT
from napari_sam2.model.resize import upscale

if TYPE_CHECKING:
    from napari_sam2.model.sam2 import Sam2Model

# What softmax makes an exact 0 of; float16 can hold it.
_HIDDEN = -1e4
# Bilinear interpolation to a quarter, without aliasing: a triangle over eight pixels.
_TRIANGLE = (1.0, 3.0, 5.0, 7.0, 7.0, 5.0, 3.0, 1.0)


def part_modules(model: Sam2Model) -> dict[str, nn.Module]:
    """Return the parts of a model by their names in :mod:`.interface`.

    They share a copy of the model, on its device.
    """
    fixed = _with_fixed_tables(model)
    return {
        IMAGE_ENCODER: ImageEncoderPart(fixed),
        MEMORY_ATTENTION: MemoryAttentionPart(fixed),
        MASK_DECODER: MaskDecoderPart(fixed),
        MEMORY_ENCODER: MemoryEncoderPart(fixed),
        MASK_PROMPT: MaskPromptPart(fixed),
    }


class ImageEncoderPart(nn.Module):
    """Normalised images, (V, 3, S, S), to features of three levels."""

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return coarse, middle and fine features."""
        return tuple(self.model.encode_image(images))


class MaskDecoderPart(nn.Module):
    """Features and prompts of B objects to a mask, scores and a pointer of each."""

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        conditioned: Tensor,
        middle: Tensor,
        fine: Tensor,
        view: Tensor,
        points: Tensor,
        labels: Tensor,
        mask_logits: Tensor,
        has_mask: Tensor,
        ambiguous: Tensor,
    ) -> tuple[Tensor, ...]:
        """Return logits, ious, pointers and object logits."""
        model, encoder = self.model, self.model.sam_prompt_encoder
        mask = encoder.masks(mask_logits)
        candidates = model.sam_mask_decoder(
            conditioned,
            ImageFeatures(
                conditioned, middle.index_select(0, view), fine.index_select(0, view)
            ),
            encoder.pe_layer.grid(model.config.grid),
            encoder.points(points, labels),
            torch.where(_per_mask(has_mask), mask, encoder.masks(None)),
            _hiding(labels),
        )
        best = choose(candidates, ambiguous=True)
        clear = choose(candidates, ambiguous=False)
        chosen = Choice(
            torch.where(_per_mask(ambiguous), best.logits, clear.logits),
            torch.where(ambiguous, best.ious, clear.ious),
            torch.where(ambiguous[:, None], best.tokens, clear.tokens),
        )
        return tuple(model.settle(candidates, chosen))


class MemoryEncoderPart(nn.Module):
    """Features and masks of B objects to spatial memories, (B, h * w, memory_dim)."""

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        self.encoder = model.memory_encoder
        self.size = model.config.image_size
        self.absence = None
        if model.config.marks_absence:
            self.absence = model.no_obj_embed_spatial

    def forward(
        self,
        coarse: Tensor,
        view: Tensor,
        logits: Tensor,
        object_logits: Tensor,
        prompted: Tensor,
    ) -> Tensor:
        """Remember prompted objects by a hard mask, tracked ones by a soft one."""
        masks = upscale(logits, self.size)
        hard = (masks > 0).to(masks.dtype)
        masks = torch.where(_per_mask(prompted), hard, masks.sigmoid())
        masks = masks * MASK_SCALE + MASK_BIAS
        x = self.encoder.pix_feat_proj(coarse).index_select(0, view)
        x = x + self.encoder.mask_downsampler(masks)
        for layer in self.encoder.fuser.layers:
            x = layer(x)
        memory = self.encoder.out_proj(x).flatten(2).transpose(1, 2)  # (B, hw, c)
        if self.absence is None:
            return memory
        absent = (object_logits <= 0).to(memory.dtype)[..., None]
        return memory + absent * self.absence


class MaskPromptPart(nn.Module):
    """Masks that are given, (B, 1, S, S) of 0 and 1, as the model takes them."""

    kernel: Tensor
    weights: Tensor

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        self.downsample = model.mask_downsample
        triangle = torch.tensor(_TRIANGLE)
        self.register_buffer("kernel", torch.outer(triangle, triangle)[None, None])
        size = model.config.image_size
        weights = F.conv2d(
            torch.ones(1, 1, size, size), self.kernel, stride=4, padding=2
        )
        self.register_buffer("weights", weights)

    def forward(self, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits they stand for, and the decoder's mask logits."""
        inside = F.conv2d(masks, self.kernel, stride=4, padding=2) / self.weights
        return inside * MASK_SCALE + MASK_BIAS, self.downsample(masks)


def _hiding(labels: Tensor) -> Tensor:
    """Return what hides points that are none from all others, (B, N + 1).

    They fill up objects of which less is said than of those beside them. Where nothing
    is said at all, the first one stays, as SAM 2 expects it, and the encoder's own
    point at the end stays in any case.
    """
    is_none = labels == NOT_A_POINT
    is_first = torch.arange(labels.shape[1], device=labels.device) == 0
    says_nothing = labels.amax(dim=1, keepdim=True) == NOT_A_POINT
    hidden = is_none & ~(is_first & says_nothing)
    return F.pad(_HIDDEN * hidden.float(), (0, 1))


def _per_mask(flags: Tensor) -> Tensor:
    """Shape flags of B objects to choose between their masks."""
    return flags[:, None, None, None]


@torch.no_grad()
def _with_fixed_tables(model: Sam2Model) -> Sam2Model:
    """Return a copy of a model that has made all its tables."""
    copied = copy.deepcopy(model)
    fix_tables(copied)
    size = model.config.image_size
    copied.encode_image(torch.zeros(1, 3, size, size, device=model.device))
    copied.sam_prompt_encoder.pe_layer.grid(model.config.grid)
    return copied
