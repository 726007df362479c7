"""Prompts to tokens: points and box corners become vectors, a mask becomes a grid.

Kirillov et al. 2023, "Segment Anything", section 3 and appendix A.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from napari_sam2.model.blocks import LayerNorm2d, Tokens
from napari_sam2.model.position import TableCache

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config

NEGATIVE, POSITIVE, BOX_START, BOX_END = range(4)
NOT_A_POINT = -1


class PromptTokens(NamedTuple):
    """Encoded prompts of B objects: tokens (B, N, C) and a grid (B or 1, C, ., .)."""

    sparse: Tensor
    dense: Tensor


class FourierPosition(nn.Module):
    """Random Fourier features of positions in the unit square."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        matrix = torch.randn(2, dim // 2)
        self.register_buffer("positional_encoding_gaussian_matrix", matrix)
        self._tables = TableCache()

    def forward(self, unit_xy: Tensor) -> Tensor:
        """Map positions (..., 2) in 0 … 1 to (..., dim).

        Written without a matrix product, which autocast would round to bfloat16: a
        click would land up to four pixels from where it was.
        """
        x, y = self.positional_encoding_gaussian_matrix
        signed = 2 * unit_xy - 1
        phase = (2 * math.pi) * (signed[..., :1] * x + signed[..., 1:] * y)
        return torch.cat([phase.sin(), phase.cos()], dim=-1)

    def grid(self, size: int) -> Tensor:
        """Return the code of a square grid's cell centres, (1, dim, size, size)."""
        matrix = self.positional_encoding_gaussian_matrix

        def make() -> Tensor:
            centres = (torch.arange(size, device=matrix.device) + 0.5) / size
            y, x = torch.meshgrid(centres, centres, indexing="ij")
            return self(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None].contiguous()

        return self._tables.get((matrix,), size, make)


class PromptEncoder(nn.Module):
    """Points, boxes and masks to what the mask decoder reads."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.image_size = config.image_size
        self.pe_layer = FourierPosition(dim)
        self.point_embeddings = nn.ModuleList(Tokens(1, dim) for _ in range(4))
        self.not_a_point_embed = Tokens(1, dim)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=2, stride=2),
            LayerNorm2d(4),
            nn.GELU(),
            nn.Conv2d(4, 16, kernel_size=2, stride=2),
            LayerNorm2d(16),
            nn.GELU(),
            nn.Conv2d(16, dim, kernel_size=1),
        )
        self.no_mask_embed = Tokens(1, dim)

    def points(self, xy: Tensor, labels: Tensor) -> Tensor:
        """Encode points and box corners, and the padding point that always follows.

        Parameters
        ----------
        xy : Tensor, shape (B, N, 2)
            (x, y) in model pixels, pixel edges at integers; corners of a box first.
        labels : Tensor of int, shape (B, N)
            0 negative, 1 positive, 2 and 3 the box's corners, -1 no point.

        Returns
        -------
        Tensor, shape (B, N + 1, C)
        """
        embeddings = [self.not_a_point_embed, *self.point_embeddings]
        rows = [one.get_parameter("weight") for one in embeddings]
        table = torch.cat(rows)  # (5, C); row = label + 1
        codes = self.pe_layer(xy / self.image_size)
        codes = codes * (labels != NOT_A_POINT)[..., None]
        tokens = codes + table[labels + 1]
        padding = self.not_a_point_embed.weight.expand(tokens.shape[0], 1, -1)
        return torch.cat([tokens, padding], dim=1)

    def no_points(self, batch: int) -> Tensor:
        """Encode a point that is none and the padding point, (B, 2, C)."""
        return self.not_a_point_embed.weight.expand(batch, 2, -1)

    def masks(self, logits: Tensor | None) -> Tensor:
        """Encode mask logits (B, 1, S/4, S/4), or their absence: (B or 1, C, h, w)."""
        if logits is None:
            return self.no_mask_embed.weight[..., None, None]  # (1, C, 1, 1)
        return self.mask_downscaling(logits)
