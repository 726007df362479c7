"""The decoder's transformer: tokens look at the image, and the image at the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from napari_sam2.model.blocks import MLP
from napari_sam2.model.linear import Linear

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config


class Attention(nn.Module):
    """Multi-head attention that may work at half the width."""

    def __init__(self, dim: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = Linear(dim, inner)
        self.k_proj = Linear(dim, inner)
        self.v_proj = Linear(dim, inner)
        self.out_proj = Linear(inner, dim)

    def forward(
        self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Attend from (B, N, C) to (B, M, C); a bias, (B, M), is added to scores."""
        heads = (self.heads, -1)
        out = F.scaled_dot_product_attention(
            self.q_proj(q).unflatten(-1, heads).transpose(1, 2),  # (B, heads, N, c)
            self.k_proj(k).unflatten(-1, heads).transpose(1, 2),
            self.v_proj(v).unflatten(-1, heads).transpose(1, 2),
            attn_mask=None if bias is None else bias[:, None, None],
        )
        out = out.transpose(1, 2).flatten(2)  # (B, N, inner)
        return self.out_proj(out)


class TwoWayBlock(nn.Module):
    """Self-attention, tokens to image, feed-forward, image to tokens."""

    def __init__(self, config: Sam2Config, *, is_first: bool) -> None:
        super().__init__()
        dim, heads = config.hidden_dim, config.decoder_heads
        self.is_first = is_first
        self.self_attn = Attention(dim, heads, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.cross_attn_token_to_image = Attention(dim, heads, dim // 2)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MLP((dim, config.decoder_ffn, dim))
        self.norm3 = nn.LayerNorm(dim)
        self.norm4 = nn.LayerNorm(dim)
        self.cross_attn_image_to_token = Attention(dim, heads, dim // 2)

    def forward(
        self,
        tokens: Tensor,
        image: Tensor,
        token_pe: Tensor,
        image_pe: Tensor,
        bias: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Update tokens (B, N, C) and image (B, HW, C)."""
        if self.is_first:  # the tokens still are their own position code
            tokens = self.self_attn(tokens, tokens, tokens, bias)
        else:
            q = tokens + token_pe
            tokens = tokens + self.self_attn(q, q, tokens, bias)
        tokens = self.norm1(tokens)
        q, k = tokens + token_pe, image + image_pe
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(q, k, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        q = tokens + token_pe
        seen = self.cross_attn_image_to_token(k, q, tokens, bias)
        image = self.norm4(image + seen)
        return tokens, image


class TwoWayTransformer(nn.Module):
    """Two blocks and a last look of the tokens at the image."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.layers = nn.ModuleList(
            TwoWayBlock(config, is_first=index == 0) for index in range(2)
        )
        self.final_attn_token_to_image = Attention(dim, config.decoder_heads, dim // 2)
        self.norm_final_attn = nn.LayerNorm(dim)

    def forward(
        self,
        image: Tensor,
        image_pe: Tensor,
        tokens: Tensor,
        bias: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return tokens (B, N, C) and image (B, HW, C) after looking at each other.

        A bias, (B, N), is added to what everyone scores at each token.
        """
        token_pe = tokens
        for layer in self.layers:
            tokens, image = layer(tokens, image, token_pe, image_pe, bias)
        q, k = tokens + token_pe, image + image_pe
        tokens = tokens + self.final_attn_token_to_image(q, k, image)
        return self.norm_final_attn(tokens), image
