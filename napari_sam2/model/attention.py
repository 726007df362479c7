"""Single-head attention over long memories."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sam2.model.linear import is_fast, linear

if TYPE_CHECKING:
    from collections.abc import Iterator

# Scores of so many queries and keys are 2 MiB, which a core's own cache holds: with
# long memories, larger parts took a third more time.
_QUERIES_AT_ONCE, _KEYS_AT_ONCE = 256, 2048

_Part: TypeAlias = "tuple[Tensor, Tensor, Tensor | None]"


def prefers_narrow_values(q: Tensor) -> bool:
    """Whether :func:`attend` gains from values that are narrower than the keys.

    Fused GPU kernels want one width; two plain matrix products do not care, and save
    what the narrower one leaves out.
    """
    return is_fast(q)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``softmax(q kᵀ / √C + bias) v``.

    Parameters
    ----------
    q : Tensor, shape (1 or B, N, C)
        A batch of one is shared.
    k : Tensor, shape (B, M, C)
    v : Tensor, shape (B, M, c)
    bias : Tensor, shape (M,), optional
        Added to what every query scores; ``-inf`` for keys that are not to be seen.

    Returns
    -------
    Tensor, shape (B, N, c)
    """
    if not is_fast(q):
        q = q.expand(len(k), -1, -1)
        mask = None if bias is None else bias.to(q.dtype).expand(q.shape[1], -1)
        return F.scaled_dot_product_attention(
            q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), attn_mask=mask
        ).squeeze(1)
    q = q * q.shape[-1] ** -0.5
    out = q.new_empty(len(k), q.shape[1], v.shape[2])
    for index, keys in enumerate(k):
        queries = q[index if len(q) > 1 else 0]
        seen = list(_in_parts(keys, v[index], bias))
        for rows in range(0, len(queries), _QUERIES_AT_ONCE):
            part = slice(rows, rows + _QUERIES_AT_ONCE)
            out[index, part] = _attend_in_parts(queries[part], seen)
    return out


def _in_parts(k: Tensor, v: Tensor, bias: Tensor | None) -> Iterator[_Part]:
    """Cut (M, C) keys and (M, c) values into parts that stay in a processor's cache."""
    for start in range(0, len(k), _KEYS_AT_ONCE):
        part = slice(start, start + _KEYS_AT_ONCE)
        added = None if bias is None else bias[part].to(k.dtype)
        yield k[part], v[part].T.contiguous(), added


def _attend_in_parts(q: Tensor, parts: list[_Part]) -> Tensor:
    """Attend from (n, C), a part of the keys at a time: the softmax is made online.

    Sums are kept relative to the largest score so far (Milakov & Gimelshein 2018,
    "Online normalizer calculation for softmax"). In the first part, a key is seen.
    """
    highest: Tensor | None = None
    total = found = q.new_zeros(())
    for keys, values_transposed, bias in parts:
        scores = linear(q, keys, bias)  # (n, m)
        top = scores.amax(dim=1, keepdim=True)
        if highest is not None:
            top = torch.maximum(highest, top)
        weights = scores.sub_(top).exp_()
        more, weight = linear(weights, values_transposed), weights.sum(1, keepdim=True)
        if highest is None:
            total, found = weight, more
        else:
            shrunk = (highest - top).exp_()
            total = total.mul_(shrunk).add_(weight)
            found = found.mul_(shrunk).add_(more)
        highest = top
    return found.div_(total)
