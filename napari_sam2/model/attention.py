"""Attention over long memories and large grids."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sam2.model.linear import is_fast, linear

if TYPE_CHECKING:
    from collections.abc import Iterator

# Scores of so many queries and keys are 2 MiB, which a core's own cache holds: with
# long memories, larger parts took a third more time, and fewer queries a tenth more.
_QUERIES_AT_ONCE, _KEYS_AT_ONCE = 1024, 512
_LARGEST_WEIGHT = 1e30
# Where scores are written out: Metal ends the whole program by an assertion, or answers
# wrongly, where they are 4 GiB.
_MOST_SCORE_BYTES = 1 << 30

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
        return attend_heads(
            q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), mask
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


def attend_heads(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return ``softmax(q kᵀ / √C + mask) v`` as PyTorch computes it.

    Where it writes out what all queries score, some queries at a time do.

    Parameters
    ----------
    q : Tensor, shape (B, heads, N, C)
    k : Tensor, shape (B, heads, M, C)
    v : Tensor, shape (B, heads, M, c)
    mask : Tensor, shape (..., 1 or N, M), optional

    Returns
    -------
    Tensor, shape (B, heads, N, c)
    """
    count, at_once = q.shape[-2], _queries_at_once(q, k)
    if at_once is None or at_once >= count:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    found = []
    for start in range(0, count, at_once):
        some = slice(start, start + at_once)
        part = mask
        if mask is not None and mask.shape[-2] > 1:
            part = mask[..., some, :]
        found.append(
            F.scaled_dot_product_attention(q[..., some, :], k, v, attn_mask=part)
        )
    return torch.cat(found, dim=-2)


def _queries_at_once(q: Tensor, k: Tensor) -> int | None:
    """Return how many queries may be scored together; None for all.

    Only Apple's GPUs have no kernel that keeps scores of such widths to itself.
    """
    if q.device.type != "mps":
        return None
    bytes_per_query = 4 * math.prod(k.shape[:-1])
    return max(1, _MOST_SCORE_BYTES // bytes_per_query)


def _in_parts(k: Tensor, v: Tensor, bias: Tensor | None) -> Iterator[_Part]:
    """Cut (M, C) keys and (M, c) values into parts that stay in a processor's cache."""
    for start in range(0, len(k), _KEYS_AT_ONCE):
        part = slice(start, start + _KEYS_AT_ONCE)
        added = None if bias is None else bias[part].to(k.dtype)
        yield k[part], v[part].T.contiguous(), added


def _attend_in_parts(
    q: Tensor, parts: list[_Part], highest: Tensor | None = None
) -> Tensor:
    """Attend from (n, C), a part of the keys at a time.

    A softmax is the same relative to any score that keeps its sum in range, not to the
    highest alone. So scores are taken relative to the highest of the first part. Only
    if no key is seen there, or others are so much higher that the sum has no room, are
    all looked through and everything is done again: ``highest``, (n, 1), then is
    that of all parts.
    """
    is_certain = highest is not None
    total = found = q.new_zeros(())
    for index, (keys, values_transposed, bias) in enumerate(parts):
        scores = linear(q, keys, bias)  # (n, m)
        if highest is None:
            highest = scores.amax(dim=1, keepdim=True)
        weights = scores.sub_(highest).exp_()
        more, weight = linear(weights, values_transposed), weights.sum(1, keepdim=True)
        total = total.add_(weight) if index else weight
        found = found.add_(more) if index else more
    # Not so if the sum is no number: where the first part hides all its keys, say.
    if is_certain or bool((total < _LARGEST_WEIGHT).all()):
        return found.div_(total)
    return _attend_in_parts(q, parts, _highest(q, parts))


def _highest(q: Tensor, parts: list[_Part]) -> Tensor:
    """Return the highest score of each query in all parts, (n, 1)."""
    tops = [linear(q, keys, bias).amax(dim=1) for keys, _, bias in parts]
    return torch.stack(tops).amax(dim=0)[:, None]
