"""The whole model: four functions of its arguments, and no memory of its own.

``encode_image`` once per frame; ``attend_memory`` (or ``without_memory``), ``decode``
and ``encode_memory`` once per frame and group of objects. What is remembered, and for
how long, is the engine's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_sam2.model.blocks import MLP
from napari_sam2.model.digest import digest_weights
from napari_sam2.model.image_encoder import ImageEncoder, ImageFeatures
from napari_sam2.model.mask_decoder import Candidates, Choice, MaskDecoder, choose
from napari_sam2.model.memory_attention import MemoryAttention, MemoryTokens
from napari_sam2.model.memory_encoder import MemoryEncoder, scaled_masks
from napari_sam2.model.object_state import (
    ABSENT_LOGIT,
    MASK_BIAS,
    MASK_SCALE,
    ObjectState,
)
from napari_sam2.model.pieces import few_at_once, shared
from napari_sam2.model.position import TableCache, age_code, sine_position
from napari_sam2.model.precision import has_bfloat16
from napari_sam2.model.prompt_encoder import PromptEncoder, PromptTokens
from napari_sam2.model.resize import resize_smoothly

if TYPE_CHECKING:
    from napari_sam2.core.quality import Precision
    from napari_sam2.model.config import Sam2Config


class Sam2Model(nn.Module):
    """SAM 2 and SAM 2.1 of any size.

    Parameters
    ----------
    config : Sam2Config
        One of :data:`napari_sam2.model.config.VARIANTS`, or a smaller relative.
    """

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.config = config
        dim, memory_dim = config.hidden_dim, config.memory_dim
        self.image_encoder = ImageEncoder(config)
        self.mask_downsample = nn.Conv2d(1, 1, kernel_size=4, stride=4)
        self.memory_attention = MemoryAttention(config)
        self.memory_encoder = MemoryEncoder(config)
        self.maskmem_tpos_enc = _zeros(config.memory_count, 1, 1, memory_dim)
        self.no_mem_embed = _zeros(1, 1, dim)
        self.no_mem_pos_enc = _zeros(1, 1, dim)  # in every checkpoint, used by none
        self.no_obj_ptr = _zeros(1, dim)
        self.sam_prompt_encoder = PromptEncoder(config)
        self.sam_mask_decoder = MaskDecoder(config)
        self.obj_ptr_proj = MLP((dim, dim, dim, dim))
        if config.marks_absence:
            self.no_obj_embed_spatial = _zeros(1, memory_dim)
        if config.times_pointers:
            self.obj_ptr_tpos_proj = nn.Linear(dim, memory_dim)
        self._tables = TableCache()

    @property
    def device(self) -> torch.device:
        """Where the weights are, and everything is computed."""
        return self.no_obj_ptr.device

    @property
    def is_half(self) -> bool:
        """Whether what it multiplies is rounded to bfloat16.

        It is on GPUs that have it; elsewhere if
        :func:`napari_sam2.model.precision.hold_in_half` has rounded the weights.
        """
        weight = self.sam_mask_decoder.conv_s0.weight
        return weight.dtype == torch.bfloat16 or has_bfloat16(weight.device)

    @property
    def precision(self) -> Precision:
        """What it multiplies in."""
        return "bfloat16" if self.is_half else "float32"

    @property
    def weights_digest(self) -> str:
        """What tells its weights from others; see :func:`digest_weights`."""
        return digest_weights(self)

    def encode_image(self, images: Tensor) -> ImageFeatures:
        """Encode normalised images, (B, 3, S, S)."""
        decoder = self.sam_mask_decoder
        features: ImageFeatures = self.image_encoder(
            images, decoder.conv_s0, decoder.conv_s1
        )
        return features

    def without_memory(self, features: ImageFeatures) -> Tensor:
        """Return the features that a first prompt is decoded on, (1, C, h, w)."""
        return features.coarse + self.no_mem_embed.view(1, -1, 1, 1)

    def attend_memory(self, features: ImageFeatures, memory: MemoryTokens) -> Tensor:
        """Return the features of one frame as B objects see them, (B, C, h, w)."""
        coarse = features.coarse
        dim, height, width = coarse.shape[1:]
        position = sine_position(dim, height, width, coarse.device)
        conditioned: Tensor = self.memory_attention(
            coarse, position.to(coarse.dtype), memory
        )
        return conditioned

    def embed_prompts(
        self, xy: Tensor, labels: Tensor, mask_logits: Tensor | None = None
    ) -> PromptTokens:
        """Encode prompts; see :class:`PromptEncoder` for the conventions.

        Parameters
        ----------
        xy : Tensor, shape (B, N, 2)
        labels : Tensor of int, shape (B, N)
        mask_logits : Tensor, shape (B, 1, S/4, S/4), optional
            Logits of an earlier answer that is to be refined.
        """
        encoder = self.sam_prompt_encoder
        return PromptTokens(encoder.points(xy, labels), encoder.masks(mask_logits))

    def embed_no_prompts(self, batch: int) -> PromptTokens:
        """Encode the absence of prompts, as on frames that are tracked through."""
        encoder = self.sam_prompt_encoder
        return PromptTokens(encoder.no_points(batch), encoder.masks(None))

    def candidates(
        self, coarse: Tensor, features: ImageFeatures, prompts: PromptTokens
    ) -> Candidates:
        """Decode all four masks of B objects, whether the objects are there or not."""
        image_pe = self.sam_prompt_encoder.pe_layer.grid(coarse.shape[-1])
        decoded: Candidates = self.sam_mask_decoder(
            coarse, features, image_pe, prompts.sparse, prompts.dense
        )
        return decoded

    def decode(
        self,
        coarse: Tensor,
        features: ImageFeatures,
        prompts: PromptTokens,
        *,
        ambiguous: bool,
    ) -> ObjectState:
        """Decode B objects and take one mask of each.

        Parameters
        ----------
        coarse : Tensor, shape (B or 1, C, h, w)
            From :meth:`attend_memory` or :meth:`without_memory`.
        features : ImageFeatures
            The same frame's.
        prompts : PromptTokens
            Of B objects.
        ambiguous : bool
            Take the best of three candidates: right for at most one point.
        """
        candidates = self.candidates(coarse, features, prompts)
        return self.settle(candidates, choose(candidates, ambiguous=ambiguous))

    def settle(self, candidates: Candidates, choice: Choice) -> ObjectState:
        """Say of B objects what was chosen of the candidates, or that they are gone."""
        present = candidates.object_logits > 0  # (B, 1)
        absent = choice.logits.new_full((), ABSENT_LOGIT)
        logits = torch.where(present[..., None, None], choice.logits, absent)
        pointers = self._or_absent(self.obj_ptr_proj(choice.tokens), present)
        return ObjectState(
            logits.float(), choice.ious, pointers, candidates.object_logits
        )

    def adopt_masks(self, features: ImageFeatures, masks: Tensor) -> ObjectState:
        """Take given masks as the answer; the decoder runs for the pointers only.

        Parameters
        ----------
        features : ImageFeatures
        masks : Tensor, shape (B, 1, S, S)
            0 or 1, float.
        """
        state = self.decode(
            features.coarse,
            features,
            self.embed_no_prompts(len(masks))._replace(
                dense=self.sam_prompt_encoder.masks(self.mask_downsample(masks))
            ),
            ambiguous=False,
        )
        present = masks.flatten(1).any(dim=1, keepdim=True)  # (B, 1)
        logits = resize_smoothly(masks * MASK_SCALE + MASK_BIAS, masks.shape[-1] // 4)
        return ObjectState(
            logits=logits,
            ious=torch.ones_like(state.ious),
            pointers=self._or_absent(state.pointers, present),
            object_logits=present * MASK_SCALE + MASK_BIAS,
        )

    def encode_memory(
        self,
        features: ImageFeatures,
        logits: Tensor,
        object_logits: Tensor,
        *,
        is_prompted: bool,
    ) -> Tensor:
        """Make spatial memories of B objects on one frame.

        Parameters
        ----------
        features : ImageFeatures
            The frame's.
        logits : Tensor, shape (B, 1, S/4, S/4)
            Mask logits.
        object_logits : Tensor, shape (B, 1)
        is_prompted : bool
            Masks that the user answered for are remembered hard, tracked ones soft.

        Returns
        -------
        Tensor, shape (B, memory_dim, h, w)
        """
        size = self.config.image_size

        def encode(some: slice) -> Tensor:
            masks = scaled_masks(logits[some], size, is_hard=is_prompted)
            memory: Tensor = self.memory_encoder(shared(features.coarse, some), masks)
            return memory

        memory = few_at_once(encode, logits, len(logits), size**2)
        if self.config.marks_absence:
            absent = (object_logits <= 0).to(memory.dtype)[..., None, None]
            memory = memory + absent * self.no_obj_embed_spatial[..., None, None]
        return memory

    def recall(
        self, spatial: Tensor, slots: list[int], pointers: Tensor, ages: Tensor
    ) -> MemoryTokens:
        """Put together what B objects remember, for :meth:`attend_memory`.

        Parameters
        ----------
        spatial : Tensor, shape (B, M * h * w, memory_dim)
            Spatial memories one after the other, each row by row.
        slots : list of int, length M
            Which of the ``memory_count`` memories each is: 0 a prompted frame, the last
            one the frame just before.
        pointers : Tensor, shape (B, P, C)
            Object pointers; P may be 0.
        ages : Tensor, shape (P,)
            Frames since each pointer, over the time span.
        """
        places = self._places(slots)
        rounds = self.is_half and torch.is_autocast_enabled(spatial.device.type)
        values = spatial if rounds else spatial.to(places.dtype)
        codes = self.pointer_positions(ages) if len(ages) else None
        return MemoryTokens.of_parts(values, places, pointers, codes)

    def _places(self, slots: list[int]) -> Tensor:
        """Return position and time codes of spatial memories, (M * h * w, c)."""

        def make() -> Tensor:
            times = self.slot_times(slots)[:, None]
            return (self.memory_position() + times).flatten(0, 1)

        return self._tables.get((self.maskmem_tpos_enc,), tuple(slots), make)

    def memory_position(self) -> Tensor:
        """Return the sine code of a spatial memory's tokens, (h * w, memory_dim)."""
        dim, grid = self.config.memory_dim, self.config.grid
        table = sine_position(dim, grid, grid, device=self.maskmem_tpos_enc.device)
        return table.flatten(1).T

    def slot_times(self, slots: list[int]) -> Tensor:
        """Return time codes of memory slots, (len(slots), memory_dim).

        Slot 0 is a prompted frame and the last slot the frame just before; the learned
        table counts the other way round.
        """
        count = self.config.memory_count
        return self.maskmem_tpos_enc[[count - slot - 1 for slot in slots], 0, 0]

    def pointer_positions(self, ages: Tensor) -> Tensor:
        """Return time codes of pointers, (N,) ages over the time span to (N, c)."""
        if not self.config.times_pointers:
            return ages.new_zeros(len(ages), self.config.memory_dim)
        code = age_code(ages, self.config.hidden_dim)
        return self.obj_ptr_tpos_proj(code)

    def _or_absent(self, pointers: Tensor, present: Tensor) -> Tensor:
        return torch.where(present, pointers, self.no_obj_ptr.to(pointers.dtype))


def _zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape))
