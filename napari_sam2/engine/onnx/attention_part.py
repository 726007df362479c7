"""Memory attention as a graph: raw memories in, features as each object sees them out.

It computes what :mod:`napari_sam2.model.memory_attention` does, arranged for runtimes
without fused attention. The channels of queries and keys are sorted, which changes no
product of the two, so that the rotary code turns halves instead of neighbours; scores
are made for blocks of queries, which bounds them; and values keep their raw width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from napari_sam2.model.position import age_code, rotary_table, sine_position

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.memory_attention import MemoryAttentionLayer, RotaryAttention
    from napari_sam2.model.sam2 import Sam2Model

_SCORES_AT_ONCE = 1 << 23  # of one object: 32 MiB


class MemoryAttentionPart(nn.Module):
    """Features of V views and memories of B objects to features of B objects."""

    places: Tensor
    position: Tensor

    def __init__(self, model: Sam2Model) -> None:
        super().__init__()
        config = model.config
        self.width = config.memory_dim
        self.layers = nn.ModuleList(
            _Layer(cast("MemoryAttentionLayer", layer), config)
            for layer in model.memory_attention.layers
        )
        self.norm = model.memory_attention.norm
        self.times = nn.Parameter(model.slot_times([*range(config.memory_count)]))
        self.register_buffer("places", model.memory_position())
        grid, device = config.grid, model.device
        position = sine_position(config.hidden_dim, grid, grid, device)
        self.register_buffer("position", 0.1 * position)
        self.age_proj = model.obj_ptr_tpos_proj if config.times_pointers else None

    def forward(
        self,
        coarse: Tensor,
        view: Tensor,
        memories: Tensor,
        slots: Tensor,
        pointers: Tensor,
        ages: Tensor,
    ) -> Tensor:
        """Return (B, C, h, w).

        Parameters
        ----------
        coarse : Tensor, shape (V, C, h, w)
        view : Tensor of int, shape (B,)
        memories : Tensor, shape (B, M, h * w, memory_dim)
        slots : Tensor of int, shape (M,)
        pointers : Tensor, shape (B, P, C)
        ages : Tensor, shape (P,)
            Over the time span.
        """
        grids = memories + (self.places + self.times[slots][:, None])
        tokens = pointers.unflatten(-1, (-1, self.width)).flatten(1, 2)
        values = torch.cat([memories.flatten(1, 2), tokens], dim=1)
        if self.age_proj is not None:
            codes = self.age_proj(age_code(ages, coarse.shape[1]))  # (P, memory_dim)
            parts = coarse.shape[1] // self.width
            codes = codes[:, None].expand(-1, parts, -1).flatten(0, 1)
            tokens = tokens + codes
        x = (coarse + self.position).flatten(2).transpose(1, 2)  # (V, hw, C)
        for index, module in enumerate(self.layers):
            layer = cast("_Layer", module)
            x = layer.look_around(x)
            if index == 0:
                x = x.index_select(0, view)  # here the objects part ways
            x = layer.look_back(x, grids, tokens, values)
        return self.norm(x).transpose(1, 2).unflatten(2, coarse.shape[-2:])


class _Layer(nn.Module):
    def __init__(self, layer: MemoryAttentionLayer, config: Sam2Config) -> None:
        super().__init__()
        self.layer = layer
        self.around = _Rotary(layer.self_attn, config)
        self.back = _Rotary(layer.cross_attn_image, config)

    def look_around(self, x: Tensor) -> Tensor:
        """Self-attention, (B, hw, C)."""
        normed = self.layer.norm1(x)
        keys = self.around.keys(normed[:, None])
        return x + self.around(normed, keys, normed)

    def look_back(
        self, x: Tensor, grids: Tensor, tokens: Tensor, values: Tensor
    ) -> Tensor:
        """Cross-attention to (B, M, hw, c) and (B, P, c), and feed-forward."""
        keys = torch.cat([self.back.keys(grids), self.back.k(tokens)], dim=1)
        x = x + self.back(self.layer.norm2(x), keys, values)
        hidden = self.layer.linear1(self.layer.norm3(x), "relu")
        return x + self.layer.linear2(hidden)


class _Rotary(nn.Module):
    """Single-head attention of a grid, with the query's scale in its weights."""

    cosines: Tensor
    sines: Tensor

    def __init__(self, attention: RotaryAttention, config: Sam2Config) -> None:
        super().__init__()
        dim, grid = config.hidden_dim, config.grid
        order = torch.arange(dim).view(-1, 2).T.flatten()  # even channels, then odd
        self.q = _sorted(attention.q_proj, order, dim**-0.5)
        self.k = _sorted(attention.k_proj, order)
        self.v, self.out = attention.v_proj, attention.out_proj
        table = rotary_table(dim, grid, grid, attention.q_proj.weight.device)
        cosines, sines = table.unbind(-1)  # (hw, C/2)
        self.register_buffer("cosines", torch.cat([cosines, cosines], dim=-1))
        self.register_buffer("sines", torch.cat([-sines, sines], dim=-1))
        keys = grid**2 * config.memory_count
        self.rows = _rows_at_once(grid**2, _SCORES_AT_ONCE // keys)

    def keys(self, grids: Tensor) -> Tensor:
        """Project and turn (B, M, hw, c) to (B, M * hw, C)."""
        return self._turned(self.k(grids)).flatten(1, 2)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend from (B, hw, C) to keys (B, N, C) and values (B, N, c)."""
        queries = self._turned(self.q(x))
        across = keys.transpose(1, 2)
        blocks = [
            torch.softmax(block @ across, dim=-1) @ values
            for block in queries.split(self.rows, dim=1)
        ]
        seen = torch.cat(blocks, dim=1) if len(blocks) > 1 else blocks[0]
        # The weights sum to one, so projecting the values afterwards is the same.
        return self.out(self.v(seen))

    def _turned(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=-1)
        return x * self.cosines + torch.cat([second, first], dim=-1) * self.sines


def _sorted(linear: nn.Linear, order: Tensor, scale: float = 1.0) -> nn.Linear:
    """Return a projection whose outputs come in another order, scaled."""
    made = nn.Linear(linear.in_features, linear.out_features)
    made.weight = nn.Parameter(linear.weight.detach()[order] * scale)
    made.bias = nn.Parameter(linear.bias.detach()[order] * scale)
    return made


def _rows_at_once(rows: int, most: int) -> int:
    """Return the largest power-of-two fraction of ``rows`` that is at most ``most``."""
    while rows > max(most, 1) and rows % 2 == 0:
        rows //= 2
    return rows
