"""Single-head attention over long memories."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sam2.model.linear import is_fast, linear

_SCORES_AT_ONCE = 1 << 23  # 32 MiB: more gains nothing, fewer cost time


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
        _attend_in_parts(queries, keys, v[index].T.contiguous(), bias, out[index])
    return out


def _attend_in_parts(
    q: Tensor, k: Tensor, v_transposed: Tensor, bias: Tensor | None, out: Tensor
) -> None:
    """Attend from (N, C) to (M, C), a block of queries at a time, into (N, c)."""
    count = max(64, _SCORES_AT_ONCE // len(k))
    for start in range(0, len(q), count):
        part = slice(start, start + count)
        scores = linear(q[part], k, bias)  # (n, M)
        torch.softmax(scores, dim=-1, out=scores)
        out[part] = linear(scores, v_transposed)
