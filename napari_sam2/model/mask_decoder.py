"""Mask decoder: features and prompts to four candidate masks and their scores.

Kirillov et al. 2023, appendix A; object score and high-resolution features as in Ravi
et al. 2024, appendix D.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_sam2.model.blocks import MLP, LayerNorm2d, Tokens
from napari_sam2.model.two_way import TwoWayTransformer

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.image_encoder import ImageFeatures

_MASKS = 4  # one for clear prompts, three for ambiguous ones
_STABILITY_DELTA = 0.05
_STABILITY_THRESHOLD = 0.98


class Candidates(NamedTuple):
    """All that the decoder says about B objects.

    Attributes
    ----------
    logits : Tensor, shape (B, 4, S/4, S/4)
    ious : Tensor, shape (B, 4)
    tokens : Tensor, shape (B, 4, C)
        One vector per mask, from which object pointers are made.
    object_logits : Tensor, shape (B, 1)
    """

    logits: Tensor
    ious: Tensor
    tokens: Tensor
    object_logits: Tensor


class Choice(NamedTuple):
    """The candidate taken for each of B objects.

    Attributes
    ----------
    logits : Tensor, shape (B, 1, S/4, S/4)
    ious : Tensor, shape (B,)
    tokens : Tensor, shape (B, C)
    """

    logits: Tensor
    ious: Tensor
    tokens: Tensor


class MaskDecoder(nn.Module):
    """Two-way transformer, upscaling and heads."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.transformer = TwoWayTransformer(config)
        self.iou_token = Tokens(1, dim)
        self.mask_tokens = Tokens(_MASKS, dim)
        self.obj_score_token = Tokens(1, dim)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(dim, dim // 4, kernel_size=2, stride=2),
            LayerNorm2d(dim // 4),
            nn.GELU(),
            nn.ConvTranspose2d(dim // 4, dim // 8, kernel_size=2, stride=2),
            nn.GELU(),
        )
        self.conv_s0 = nn.Conv2d(dim, dim // 8, kernel_size=1)
        self.conv_s1 = nn.Conv2d(dim, dim // 4, kernel_size=1)
        self.output_hypernetworks_mlps = nn.ModuleList(
            MLP((dim, dim, dim, dim // 8)) for _ in range(_MASKS)
        )
        hidden = config.iou_hidden
        self.iou_prediction_head = MLP((dim, hidden, hidden, _MASKS))
        self.pred_obj_score_head = MLP((dim, dim, dim, 1))

    def forward(
        self,
        coarse: Tensor,
        features: ImageFeatures,
        image_pe: Tensor,
        sparse: Tensor,
        dense: Tensor,
        bias: Tensor | None = None,
    ) -> Candidates:
        """Decode B objects at once.

        Parameters
        ----------
        coarse : Tensor, shape (B or 1, C, h, w)
            Stride-16 features, with memory where there is one.
        features : ImageFeatures
            The frame's own features, for the fine detail (batch 1 or B).
        image_pe : Tensor, shape (1, C, h, w)
        sparse : Tensor, shape (B, N, C)
            Prompt tokens.
        dense : Tensor, shape (B or 1, C, h or 1, w or 1)
            Prompt grid.
        bias : Tensor, shape (B, N), optional
            Added to what is scored at each prompt token; very low hides it.
        """
        tokens = torch.cat([self._output_tokens(sparse.shape[0]), sparse], dim=1)
        image = (coarse + dense).flatten(2).transpose(1, 2)  # (B or 1, hw, C)
        image = image.expand(sparse.shape[0], -1, -1)
        pe = image_pe.flatten(2).transpose(1, 2)
        if bias is not None:
            bias = F.pad(bias, (tokens.shape[1] - bias.shape[1], 0))
        tokens, image = self.transformer(image, pe, tokens, bias)
        grid = image.transpose(1, 2).unflatten(2, coarse.shape[-2:])
        mask_tokens = tokens[:, 2 : 2 + _MASKS]
        return Candidates(
            logits=self._masks(grid, features, mask_tokens),
            ious=self.iou_prediction_head(tokens[:, 1]).sigmoid(),
            tokens=mask_tokens,
            object_logits=self.pred_obj_score_head(tokens[:, 0]),
        )

    def _output_tokens(self, batch: int) -> Tensor:
        """Return the learned tokens: object score, IoU, four masks; (B, 6, C)."""
        tokens = [self.obj_score_token, self.iou_token, self.mask_tokens]
        return torch.cat([t.weight for t in tokens]).expand(batch, -1, -1)

    def _masks(
        self, grid: Tensor, features: ImageFeatures, mask_tokens: Tensor
    ) -> Tensor:
        up1, norm, act, up2, act2 = self.output_upscaling
        upscaled = act(norm(up1(grid) + features.middle))
        upscaled = act2(up2(upscaled) + features.fine)  # (B, C/8, S/4, S/4)
        networks = zip(
            self.output_hypernetworks_mlps, mask_tokens.unbind(1), strict=True
        )
        weights = torch.stack([mlp(token) for mlp, token in networks], dim=1)
        return (weights @ upscaled.flatten(2)).unflatten(2, upscaled.shape[-2:])


def choose(candidates: Candidates, *, ambiguous: bool) -> Choice:
    """Take one of the four masks of every object.

    An ambiguous prompt (at most one point) gets the best of three by predicted IoU. A
    clear prompt gets the first mask, unless its outline moves when the threshold does:
    then the best of three steps in, with the first mask's token.
    """
    best = 1 + candidates.ious[:, 1:].argmax(dim=1)  # (B,)
    rows = torch.arange(best.shape[0], device=best.device)
    if ambiguous:
        index, tokens = best, candidates.tokens[rows, best]
    else:
        stable = _stability(candidates.logits[:, 0]) >= _STABILITY_THRESHOLD
        index = torch.where(stable, torch.zeros_like(best), best)
        tokens = candidates.tokens[:, 0]
    logits = candidates.logits[rows, index].unsqueeze(1)
    return Choice(logits, candidates.ious[rows, index], tokens)


def _stability(logits: Tensor) -> Tensor:
    """Overlap of the masks above and below the threshold, (B, h, w) to (B,)."""
    flat = logits.flatten(1)
    inner = (flat > _STABILITY_DELTA).sum(dim=1).float()
    outer = (flat > -_STABILITY_DELTA).sum(dim=1).float()
    return torch.where(outer > 0, inner / outer, torch.ones_like(outer))
