"""The image encoder's trunk: Hiera, a hierarchical vision transformer.

Ryali et al. 2023, "Hiera"; windows, global blocks and position codes as in SAM 2
(Ravi et al. 2024, section 4 and appendix D.1). Everything here is channels-last; the
tokens of a grid lie in the order of a :class:`napari_sam2.model.windows.Layout`.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_sam2.model.attention import attend_heads
from napari_sam2.model.blocks import MLP, LayerNorm
from napari_sam2.model.linear import Linear
from napari_sam2.model.pieces import exceeds_a_piece, in_pieces
from napari_sam2.model.position import TableCache
from napari_sam2.model.resize import resize_table
from napari_sam2.model.windows import (
    Layout,
    cut,
    inside,
    join,
    places_inside,
    prefers_padding,
    rearranged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.windows import Strip


def pool(x: Tensor) -> Tensor:
    """Maximum over 2 × 2 tokens, (B, H, W, C) to (B, H/2, W/2, C)."""
    rows = torch.maximum(x[:, 0::2], x[:, 1::2])
    return torch.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


class MultiScaleAttention(nn.Module):
    """Self-attention within windows, with queries pooled where a stage begins."""

    def __init__(
        self, dim: int, dim_out: int, heads: int, *, pooled: bool = False
    ) -> None:
        super().__init__()
        self.heads = heads
        self.pooled = pooled
        self.qkv = Linear(dim, 3 * dim_out)
        self.proj = Linear(dim_out, dim_out)

    def forward(self, x: Tensor, layout: Layout, *, everywhere: bool) -> Tensor:
        """Map tokens (B, N, C) to (B, N', C'); they are fewer when queries are pooled.

        Parameters
        ----------
        x : Tensor
        layout : Layout
            Their order. Attention is within its windows.
        everywhere : bool
            Attend to the whole grid instead, in whatever order.
        """
        if everywhere:
            return self.proj(self._over_grid(self.qkv(x), layout))
        if layout.has_padding:
            x = x * inside(layout, x.device)[:, None]
        return self.proj(join(self._in_windows(x, layout), x.shape[0]))

    def _in_windows(self, x: Tensor, layout: Layout) -> list[Tensor]:
        """Attend within windows of every strip, (B, N, C) to (n, tokens, C)."""
        width = self.qkv.out_features
        if not exceeds_a_piece(x, width):
            return [self._within(*part) for part in cut(self.qkv(x), layout)]
        parts = []
        for windows, strip in cut(x, layout):
            images = windows.unflatten(0, (len(x), -1))  # (B, n, h, w, C)

            def within(some: Tensor, strip: Strip = strip) -> Tensor:
                return self._within(self.qkv(some), strip)

            tokens = strip.window_hw[0] * strip.window_hw[1]
            parts.append(in_pieces(within, images, tokens * width).flatten(0, 1))
        return parts

    def _over_grid(self, qkv: Tensor, layout: Layout) -> Tensor:
        """Attend from all tokens to those on the grid, (B, N, 3C) to (B, N, C)."""
        q, k, v = qkv.chunk(3, dim=-1)
        if layout.has_padding:
            places = places_inside(layout, qkv.device)
            k, v = k.index_select(1, places), v.index_select(1, places)
        return self._attend(q, k, v, 0)

    def _within(self, windows: Tensor, strip: Strip) -> Tensor:
        """Attend within windows, (n, h, w, 3C) to (n, tokens, C)."""
        q, k, v = windows.chunk(3, dim=-1)
        if self.pooled:  # windows are even, so pooling never mixes two of them
            q = pool(q)
        return self._attend(
            q.flatten(1, 2), k.flatten(1, 2), v.flatten(1, 2), strip.missing
        )

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, missing: int) -> Tensor:
        """Attend within windows of which ``missing`` tokens lie beyond the grid.

        The released weights were trained with zero tokens there that are not masked, so
        all of them have the same key and value, the projection's bias. One such token
        whose logit is raised by log(missing) weighs as much as all of them.
        """
        heads = (self.heads, -1)
        q = q.unflatten(-1, heads).transpose(1, 2)  # (n, heads, tokens, c)
        k = k.unflatten(-1, heads).transpose(1, 2)
        v = v.unflatten(-1, heads).transpose(1, 2)
        raised = None
        if missing:
            _, bias_k, bias_v = self.qkv.bias.to(k.dtype).view(3, self.heads, 1, -1)
            k = torch.cat([k, bias_k.expand(k.shape[0], -1, -1, -1)], dim=2)
            v = torch.cat([v, bias_v.expand(v.shape[0], -1, -1, -1)], dim=2)
            raised = torch.zeros(k.shape[2], dtype=q.dtype, device=q.device)
            raised[-1] = math.log(missing)
            raised = raised[None, None, None]
        out = attend_heads(q, k, v, raised)
        return out.transpose(1, 2).flatten(2)


class MultiScaleBlock(nn.Module):
    """One transformer block; the first of a stage widens and halves the grid."""

    def __init__(self, dim: int, dim_out: int, heads: int, window: int, pooled: bool):
        super().__init__()
        self.window = window
        self.pooled = pooled
        self.norm1 = LayerNorm(dim, eps=1e-6)
        self.attn = MultiScaleAttention(dim, dim_out, heads, pooled=pooled)
        self.norm2 = LayerNorm(dim_out, eps=1e-6)
        self.mlp = MLP((dim_out, 4 * dim_out, dim_out), "gelu")
        if dim != dim_out:
            self.proj = Linear(dim, dim_out)

    def forward(self, x: Tensor, layout: Layout) -> tuple[Tensor, Layout]:
        """Update tokens (B, N, C), and say in which order they are."""
        everywhere = not self.window and not self.pooled
        wanted = layout if everywhere else layout.with_window(self.window)
        x = rearranged(x, layout, wanted)
        normed = self.norm1(x)
        shortcut = self._pooled(self.proj(normed), wanted) if self.pooled else x
        x = _added(self.attn(normed, wanted, everywhere=everywhere), shortcut)
        x = _added(self.mlp(self.norm2(x)), x)
        return x, wanted.pooled() if self.pooled else wanted

    @staticmethod
    def _pooled(x: Tensor, layout: Layout) -> Tensor:
        return join([pool(windows) for windows, _ in cut(x, layout)], x.shape[0])


def _added(branch: Tensor, shortcut: Tensor) -> Tensor:
    """Add to a branch in place, unless it is the less precise of the two."""
    if branch.dtype != shortcut.dtype:
        return branch + shortcut
    return branch.add_(shortcut)


class PatchEmbed(nn.Module):
    """Overlapping 7 × 7 patches at stride 4."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, kernel_size=7, stride=4, padding=3)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, S, S) to (B, S/4, S/4, C).

        A processor that is given colours last answers with channels last, as what
        follows wants them: half the time.
        """
        if images.device.type == "cpu" and not torch.compiler.is_compiling():
            images = images.contiguous(memory_format=torch.channels_last)
        return self.proj(images).permute(0, 2, 3, 1)


class Hiera(nn.Module):
    """The trunk: four stages at strides 4, 8, 16 and 32."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim, size = config.embed_dim, config.pos_embed_size
        self.patch_embed = PatchEmbed(dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, dim, size, size))
        window = config.windows[0]
        self.pos_embed_window = nn.Parameter(torch.zeros(1, dim, window, window))
        self.blocks = nn.ModuleList(_blocks(config))
        self.stage_ends = tuple(end - 1 for end in accumulate(config.stages))
        self._tables = TableCache()

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (B, 3, S, S) to one (B, H, W, C) per stage, finest first."""
        x = self.patch_embed(images)  # (B, H, W, C)
        height, width = x.shape[1:3]
        x = x.add_(self._position(height, width, x.dtype)).flatten(1, 2)
        layout = Layout(height, width, is_padded=prefers_padding(x))
        stages = []
        for index, block in enumerate(self.blocks):
            x, layout = block(x, layout)
            if index in self.stage_ends:
                by_rows = rearranged(x, layout, layout.with_window(0))
                stages.append(by_rows.unflatten(1, (layout.height, layout.width)))
        return stages

    def _position(self, height: int, width: int, dtype: torch.dtype) -> Tensor:
        """Return the learned position code of the grid, (1, H, W, C)."""

        def make() -> Tensor:
            resized = resize_table(self.pos_embed, height, width)
            window = self.pos_embed_window.float()
            tiles = (height // window.shape[2], width // window.shape[3])
            table = resized + window.tile(1, 1, *tiles)
            return table.permute(0, 2, 3, 1).contiguous().to(dtype)

        sources = (self.pos_embed, self.pos_embed_window)
        return self._tables.get(sources, (height, width, dtype), make)


def _blocks(config: Sam2Config) -> Iterator[MultiScaleBlock]:
    """Yield the blocks; the first of a stage still has the window before it."""
    dim, index = config.embed_dim, 0
    for stage, count in enumerate(config.stages):
        for position in range(count):
            pooled = stage > 0 and position == 0
            dim_out = config.stage_dims[stage]
            window = config.windows[stage - 1 if pooled else stage]
            if index in config.global_blocks:
                window = 0
            heads = config.num_heads * 2**stage
            yield MultiScaleBlock(dim, dim_out, heads, window, pooled)
            dim, index = dim_out, index + 1
