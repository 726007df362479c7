"""Windows cut by the edge and padded ones equal those of the reference.

The plain way is written out here: pad the grid, attend in whole windows with nothing
masked, and cut the padding off again.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.model.hiera import MultiScaleAttention, pool
from napari_sam2.model.windows import Layout, rearranged, window_strips


def padded_attention(
    layer: MultiScaleAttention, x: torch.Tensor, window: int, pooled: bool
) -> torch.Tensor:
    _, height, width, _ = x.shape
    window = window or height
    x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))
    q, k, v = layer.qkv(x).chunk(3, dim=-1)
    step = 2 if pooled else 1
    if pooled:
        q = F.max_pool2d(q.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    out = torch.zeros_like(q)
    for top in range(0, x.shape[1], window):
        for left in range(0, x.shape[2], window):
            here = slice(top, top + window), slice(left, left + window)
            there = [slice(s.start // step, s.stop // step) for s in here]
            part = q[:, there[0], there[1]]
            attended = [
                attend_plainly(*heads)
                for heads in zip(
                    part.flatten(1, 2).chunk(layer.heads, dim=-1),
                    k[:, here[0], here[1]].flatten(1, 2).chunk(layer.heads, dim=-1),
                    v[:, here[0], here[1]].flatten(1, 2).chunk(layer.heads, dim=-1),
                    strict=True,
                )
            ]
            joined = torch.cat(attended, dim=-1)
            out[:, there[0], there[1]] = joined.view(part.shape)
    return layer.proj(out)[:, : height // step, : width // step]


def laid_out_attention(
    layer: MultiScaleAttention, x: torch.Tensor, window: int, is_padded: bool
) -> torch.Tensor:
    rows = Layout(x.shape[1], x.shape[2], 0, is_padded)
    layout = rows.with_window(window)
    tokens = rearranged(x.flatten(1, 2), rows, layout)
    everywhere = not window and not layer.pooled
    tokens = layer(tokens, layout, everywhere=everywhere)
    after = layout.pooled() if layer.pooled else layout
    tokens = rearranged(tokens, after, after.with_window(0))
    return tokens.unflatten(1, (after.height, after.width))


def attend_plainly(q, k, v):
    scores = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
    return scores.softmax(dim=-1) @ v


@settings(max_examples=60)
@given(
    size=st.integers(1, 10).map(lambda n: 2 * n),
    window=st.integers(0, 8),
    pooled=st.booleans(),
    is_padded=st.booleans(),
    heads=st.sampled_from([1, 2]),
    batch=st.sampled_from([1, 2]),
)
def test_windows_equal_those_that_are_padded_plainly(
    size, window, pooled, is_padded, heads, batch
) -> None:
    window = 2 * window if pooled else window
    generator = torch.Generator().manual_seed(size)
    layer = MultiScaleAttention(6, 8, heads, pooled=pooled).requires_grad_(False)
    x = torch.randn(batch, size, size, 6, generator=generator)
    torch.testing.assert_close(
        laid_out_attention(layer, x, window, is_padded),
        padded_attention(layer, x, window, pooled),
        atol=1e-5,
        rtol=1e-4,
    )


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 16))
def test_strips_cover_every_token_once(height, width, window) -> None:
    covered = torch.zeros(height, width)
    strips = list(window_strips(height, width, window))
    for strip in strips:
        part = covered[strip.rows, strip.columns]
        part += 1
        h, w = strip.window_hw
        assert part.shape[0] % h == 0
        assert part.shape[1] % w == 0
        assert strip.missing == window**2 - h * w >= 0
    assert (covered == 1).all()
    assert len(strips) <= 4


@pytest.mark.parametrize("shape", [(1, 2, 2, 3), (2, 6, 4, 5)])
def test_pooling_takes_the_maximum(shape) -> None:
    x = torch.randn(shape)
    plain = F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    assert torch.equal(pool(x), plain)


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(0, 8),
    st.integers(0, 8),
    st.booleans(),
)
def test_there_and_back_is_where_tokens_were(
    height, width, window, other, is_padded
) -> None:
    rows = Layout(height, width, 0, is_padded)
    first, second = rows.with_window(window), rows.with_window(other)
    x = torch.rand(2, height * width, 3)
    there = rearranged(rearranged(x, rows, first), first, second)
    assert torch.equal(rearranged(there, second, rows), x)


def test_attention_over_the_grid_ignores_what_is_beyond_it() -> None:
    layer = MultiScaleAttention(6, 8, 2).requires_grad_(False)
    rows = Layout(10, 10, 0, is_padded=True)
    layout = rows.with_window(4)
    assert layout.has_padding
    x = torch.rand(1, 100, 6)
    plain = layer(x, rows, everywhere=True)
    found = layer(rearranged(x, rows, layout), layout, everywhere=True)
    torch.testing.assert_close(rearranged(found, layout, rows), plain)
