"""The image encoder's trunk: Hiera, a hierarchical vision transformer.

Ryali et al. 2023, "Hiera"; windows, global blocks and position codes as in SAM 2
(Ravi et al. 2024, section 4 and appendix D.1). Everything here is channels-last,
(B, H, W, C).
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from napari_sam2.model.blocks import MLP
from napari_sam2.model.linear import Linear
from napari_sam2.model.position import TableCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_sam2.model.config import Sam2Config


class Strip(NamedTuple):
    """A part of the grid that is covered by windows of one shape."""

    rows: slice
    columns: slice
    window_hw: tuple[int, int]
    missing: int  # tokens that lie beyond the grid, per window


def window_strips(height: int, width: int, window: int) -> Iterator[Strip]:
    """Cut a grid into at most four parts: whole windows, and those cut by an edge."""
    for rows, window_h in _runs(height, window):
        for columns, window_w in _runs(width, window):
            missing = window * window - window_h * window_w
            yield Strip(rows, columns, (window_h, window_w), missing)


def _runs(size: int, window: int) -> Iterator[tuple[slice, int]]:
    whole = size - size % window
    if whole:
        yield slice(0, whole), window
    if whole < size:
        yield slice(whole, size), size - whole


def to_windows(x: Tensor, window_hw: tuple[int, int]) -> Tensor:
    """Cut (B, H, W, C) into (B * windows, h, w, C)."""
    batch, height, width, channels = x.shape
    h, w = window_hw
    x = x.reshape(batch, height // h, h, width // w, w, channels)
    return x.transpose(2, 3).reshape(-1, h, w, channels)


def from_windows(x: Tensor, shape_hw: tuple[int, int]) -> Tensor:
    """Undo :func:`to_windows`: (B * windows, h, w, C) to (B, H, W, C)."""
    (height, width), (h, w) = shape_hw, x.shape[1:3]
    x = x.view(-1, height // h, width // w, h, w, x.shape[3]).transpose(2, 3)
    return x.reshape(-1, height, width, x.shape[-1])


def pool(x: Tensor) -> Tensor:
    """Maximum over 2 × 2 tokens, (B, H, W, C) to (B, H/2, W/2, C)."""
    rows = torch.maximum(x[:, 0::2], x[:, 1::2])
    return torch.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


class MultiScaleAttention(nn.Module):
    """Self-attention within windows, with queries pooled where a stage begins."""

    def __init__(self, dim: int, dim_out: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Linear(dim, 3 * dim_out)
        self.proj = Linear(dim_out, dim_out)

    def forward(self, x: Tensor, window: int, pooled: bool) -> Tensor:
        """Map (B, H, W, C) to (B, H', W', C'), halving the grid when ``pooled``."""
        strips = list(window_strips(x.shape[1], x.shape[2], window or x.shape[1]))
        if len(strips) == 1:
            return self._within(x, strips[0], pooled)
        step = 2 if pooled else 1
        height, width = x.shape[1] // step, x.shape[2] // step
        out = x.new_empty(len(x), height, width, self.proj.out_features)
        for strip in strips:
            rows, columns = (_coarser(s, step) for s in strip[:2])
            part = x[:, strip.rows, strip.columns]
            out[:, rows, columns] = self._within(part, strip, pooled)
        return out

    def _within(self, x: Tensor, strip: Strip, pooled: bool) -> Tensor:
        """Attend within the windows of one strip, (B, H, W, C) to (B, H', W', C')."""
        windows = to_windows(x, strip.window_hw)  # (n, h, w, C)
        q, k, v = self.qkv(windows).chunk(3, dim=-1)
        if pooled:  # windows are even, so pooling never mixes two of them
            q = pool(q)
        heads = (self.heads, -1)
        out = self._attend(
            q.flatten(1, 2).unflatten(-1, heads).transpose(1, 2),  # (n, heads, hw, c)
            k.flatten(1, 2).unflatten(-1, heads).transpose(1, 2),
            v.flatten(1, 2).unflatten(-1, heads).transpose(1, 2),
            strip.missing,
        )
        projected = self.proj(out.transpose(1, 2).flatten(2))
        step = 2 if pooled else 1
        shape_hw = (x.shape[1] // step, x.shape[2] // step)
        return from_windows(projected.unflatten(1, q.shape[1:3]), shape_hw)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, missing: int) -> Tensor:
        """Attend within windows of which ``missing`` tokens lie beyond the grid.

        The released weights were trained with zero tokens there that are not masked, so
        all of them have the same key and value, the projection's bias. One such token
        whose logit is raised by log(missing) weighs as much as all of them.
        """
        if not missing:
            return F.scaled_dot_product_attention(q, k, v)
        _, bias_k, bias_v = self.qkv.bias.to(k.dtype).view(3, self.heads, 1, -1)
        k = torch.cat([k, bias_k.expand(len(k), -1, -1, -1)], dim=2)
        v = torch.cat([v, bias_v.expand(len(v), -1, -1, -1)], dim=2)
        raised = torch.zeros(k.shape[2], dtype=q.dtype, device=q.device)
        raised[-1] = math.log(missing)
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=raised[None, None, None]
        )


def _coarser(part: slice, step: int) -> slice:
    return slice(part.start // step, part.stop // step)


class MultiScaleBlock(nn.Module):
    """One transformer block; the first of a stage widens and halves the grid."""

    def __init__(self, dim: int, dim_out: int, heads: int, window: int, pooled: bool):
        super().__init__()
        self.window = window
        self.pooled = pooled
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = MultiScaleAttention(dim, dim_out, heads)
        self.norm2 = nn.LayerNorm(dim_out, eps=1e-6)
        self.mlp = MLP((dim_out, 4 * dim_out, dim_out), "gelu")
        if dim != dim_out:
            self.proj = Linear(dim, dim_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H', W', C')."""
        normed = self.norm1(x)
        shortcut = pool(self.proj(normed)) if self.pooled else x
        x = _added(self.attn(normed, self.window, self.pooled), shortcut)
        return _added(self.mlp(self.norm2(x)), x)


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
        """Map (B, 3, S, S) to (B, S/4, S/4, C)."""
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
        x = self.patch_embed(images)
        x = x + self._position(x.shape[1], x.shape[2])
        stages = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.stage_ends:
                stages.append(x)
        return stages

    def _position(self, height: int, width: int) -> Tensor:
        """Return the learned position code of the grid, (1, H, W, C)."""

        def make() -> Tensor:
            resized = F.interpolate(
                self.pos_embed.float(), size=(height, width), mode="bicubic"
            )
            window = self.pos_embed_window.float()
            tiles = (height // window.shape[2], width // window.shape[3])
            table = resized + window.tile(1, 1, *tiles)
            return table.permute(0, 2, 3, 1).contiguous()

        sources = (self.pos_embed, self.pos_embed_window)
        return self._tables.get(sources, (height, width), make)


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
