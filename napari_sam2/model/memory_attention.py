"""Memory attention: the current frame looks at what is remembered of an object.

Ravi et al. 2024, section 4 and appendix D.1; rotary codes after Heo et al. 2024,
"Rotary position embedding for vision transformer".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from napari_sam2.model.attention import attend, prefers_narrow_values
from napari_sam2.model.blocks import LayerNorm
from napari_sam2.model.linear import Linear
from napari_sam2.model.pieces import exceeds_a_piece, few_at_once, in_pieces, shared
from napari_sam2.model.position import rotary_table, rotate, rotate_

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config


class MemoryTokens(NamedTuple):
    """What B objects remember, as keys and values of the cross-attention.

    Attributes
    ----------
    values : Tensor, shape (B, M * h * w + P, memory_dim)
        Spatial memories one after the other, then pointer tokens.
    keys : Tensor, same shape
        The values plus their position and time codes.
    pointer_tokens : int
        P, the tokens at the end that have no place in the image.
    bias : Tensor, shape (M * h * w + P,), or None
        Added to the score of each token, whoever looks: ``-inf`` for one that only
        fills up.
    """

    values: Tensor
    keys: Tensor
    pointer_tokens: int
    bias: Tensor | None = None

    @classmethod
    def of_parts(
        cls, spatial: Tensor, places: Tensor, pointers: Tensor, codes: Tensor | None
    ) -> MemoryTokens:
        """Put spatial memories and pointers of B objects one after the other.

        Parameters
        ----------
        spatial : Tensor, shape (B, M * h * w, memory_dim)
            All tokens are of its type.
        places : Tensor, shape (M * h * w, memory_dim)
            Position and time codes of the spatial memories.
        pointers : Tensor, shape (B, P, C)
            Each is cut into tokens as wide as the memories are.
        codes : Tensor, shape (P, memory_dim), or None
            Time codes of the pointers; None where there are no pointers.
        """
        keys = (spatial + places).to(spatial.dtype)
        if codes is None:
            return cls(spatial, keys, 0)
        width = spatial.shape[-1]
        parts = pointers.shape[-1] // width
        tokens = pointers.unflatten(-1, (parts, width))  # (B, P, parts, c)
        tokens = tokens.flatten(1, 2)  # (B, P * parts, c)
        codes = codes.repeat_interleave(parts, dim=0)
        return cls(
            values=torch.cat([spatial, tokens.to(spatial.dtype)], dim=1),
            keys=torch.cat([keys, (tokens + codes).to(spatial.dtype)], dim=1),
            pointer_tokens=tokens.shape[1],
        )

    def of(self, some: slice) -> MemoryTokens:
        """Return what some of the objects remember."""
        return self._replace(values=self.values[some], keys=self.keys[some])


class RotaryAttention(nn.Module):
    """Single-head attention over grids with axial rotary position codes."""

    def __init__(self, dim: int, memory_dim: int) -> None:
        super().__init__()
        self.is_narrow = memory_dim < dim
        self.q_proj = Linear(dim, dim)
        self.k_proj = Linear(memory_dim, dim)
        self.v_proj = Linear(memory_dim, dim)
        self.out_proj = Linear(dim, dim)

    def forward(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        table: Tensor,
        without_place: int = 0,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Attend from a grid to one or more grids and some tokens without place.

        Parameters
        ----------
        q : Tensor, shape (1 or B, N, C)
        k, v : Tensor, shape (B, M * N + without_place, memory_dim)
        table : Tensor, shape (N, C/2, 2)
            Rotary table of the grid.
        without_place : int, optional
        bias : Tensor, shape (M * N + without_place,), optional
            Added to the scores of the keys.
        """
        rotated = _rotate_places(self.k_proj(k), table, without_place)
        query = rotate(self.q_proj(q), table)
        if self.is_narrow and prefers_narrow_values(query):
            # Weights of an attention sum to one, so projecting after it is the same.
            return self.out_proj(self.v_proj(attend(query, rotated, v, bias)))
        return self.out_proj(attend(query, rotated, self.v_proj(v), bias))


def _rotate_places(keys: Tensor, table: Tensor, without_place: int) -> Tensor:
    """Turn the keys of all grids, and leave the tokens at the end as they are."""
    grids = keys[:, : keys.shape[1] - without_place].unflatten(1, (-1, len(table)))
    if not torch.is_grad_enabled():  # nobody needs the keys as they were
        rotate_(grids, table)
        return keys
    rotated = rotate(grids, table).flatten(1, 2)
    return torch.cat([rotated, keys[:, rotated.shape[1] :]], dim=1)


class MemoryAttentionLayer(nn.Module):
    """Self-attention, cross-attention to the memories, feed-forward; norms first."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.self_attn = RotaryAttention(dim, dim)
        self.cross_attn_image = RotaryAttention(dim, config.memory_dim)
        self.linear1 = Linear(dim, config.memory_ffn)
        self.linear2 = Linear(config.memory_ffn, dim)
        self.norm1 = LayerNorm(dim)
        self.norm2 = LayerNorm(dim)
        self.norm3 = LayerNorm(dim)

    def look_around(self, x: Tensor, table: Tensor) -> Tensor:
        """Update tokens (1 or B, N, C) by each other."""
        normed = self.norm1(x)
        return x + self.self_attn(normed, normed, normed, table)

    def look_back(self, x: Tensor, memory: MemoryTokens, table: Tensor) -> Tensor:
        """Update tokens (1 or B, N, C) by what B objects remember, (B, N, C)."""
        x = x + self.cross_attn_image(
            self.norm2(x),
            memory.keys,
            memory.values,
            table,
            memory.pointer_tokens,
            memory.bias,
        )
        widest = self.linear1.out_features
        if exceeds_a_piece(x, widest):
            return x + in_pieces(self._feed_forward, x, widest)
        return x + self._feed_forward(x)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.linear1(self.norm3(x), "relu"))


class MemoryAttention(nn.Module):
    """The layers, and the norm that closes them."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            MemoryAttentionLayer(config) for _ in range(config.memory_layers)
        )
        self.norm = LayerNorm(config.hidden_dim)

    def forward(self, coarse: Tensor, position: Tensor, memory: MemoryTokens) -> Tensor:
        """Condition features on memories.

        Parameters
        ----------
        coarse : Tensor, shape (1, C, h, w)
            The frame's stride-16 features, shared by all objects.
        position : Tensor, shape (C, h, w)
            Sine code of the grid.
        memory : MemoryTokens
            Of B objects.

        Returns
        -------
        Tensor, shape (B, C, h, w)
        """
        height, width = coarse.shape[-2:]
        x = (coarse + 0.1 * position).flatten(2).transpose(1, 2)  # (1, hw, C)
        table = rotary_table(coarse.shape[1], height, width, coarse.device)
        first, *others = cast("list[MemoryAttentionLayer]", list(self.layers))
        x = first.look_around(x, table)
        # Up to here, nothing depended on the object: the input may have batch 1.
        tokens = memory.keys.shape[1]

        def look_back(some: slice) -> Tensor:
            own = memory.of(some)
            y = first.look_back(shared(x, some), own, table)
            for layer in others:
                y = layer.look_back(layer.look_around(y, table), own, table)
            normed: Tensor = self.norm(y)
            return normed

        seen = few_at_once(look_back, x, len(memory.keys), tokens * x.shape[-1])
        return seen.transpose(1, 2).unflatten(2, (height, width))
