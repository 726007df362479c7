"""The quick roads of attention and linear layers lead where the plain ones do."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.model import attention
from napari_sam2.model.attention import attend
from napari_sam2.model.linear import Linear, linear
from napari_sam2.model.memory_attention import RotaryAttention
from napari_sam2.model.position import rotary_table
from tests.engine.pretend_gpu import pretend_gpu
from tests.miniature import seeded_model


@settings(max_examples=25)
@given(
    queries=st.sampled_from([1, 5, 255, 1024, 1025, 2100]),
    keys=st.integers(1, 80),
    batch=st.integers(1, 3),
    shared=st.booleans(),
    width=st.sampled_from([4, 16]),
)
def test_attention_in_blocks_is_attention(queries, keys, batch, shared, width) -> None:
    q = torch.randn(1 if shared else batch, queries, 16)
    k, v = torch.randn(batch, keys, 16), torch.randn(batch, keys, width)
    plain = (q @ k.transpose(1, 2) / 4).softmax(dim=-1) @ v
    with torch.inference_mode():
        torch.testing.assert_close(attend(q, k, v), plain, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(attend(q, k, v), plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("hidden", [0, 2100])
def test_attention_to_many_keys_of_which_some_are_hidden(hidden) -> None:
    q, k, v = torch.randn(2, 300, 16), torch.randn(2, 5000, 16), torch.randn(2, 5000, 4)
    bias = torch.randn(5000)
    bias[100 : 100 + hidden] = -torch.inf
    bias[4900:] = -torch.inf
    plain = (q @ (3 * k).transpose(1, 2) / 4 + bias).softmax(dim=-1) @ v
    with torch.inference_mode():
        torch.testing.assert_close(attend(q, 3 * k, v, bias), plain)


@pytest.mark.parametrize("steep", [1.0, 40.0, 2000.0])
@pytest.mark.parametrize("rising", [True, False])
def test_attention_to_keys_that_score_ever_higher_or_lower(steep, rising) -> None:
    q, v = torch.randn(1, 70, 16).abs(), torch.randn(1, 3000, 4)
    slope = torch.linspace(-1, 1, 3000)[:, None].sort(0, descending=not rising)[0]
    k = (steep * slope + torch.randn(3000, 16) / 8)[None]
    plain = (q @ k.transpose(1, 2) / 4).double().softmax(dim=-1).float() @ v
    with torch.inference_mode():
        torch.testing.assert_close(attend(q, k, v), plain, atol=2e-4, rtol=1e-3)


def test_attention_where_the_first_keys_are_hidden() -> None:
    q, k, v = torch.randn(1, 70, 16), torch.randn(1, 2000, 16), torch.randn(1, 2000, 4)
    bias = torch.zeros(2000)
    bias[:1500] = -torch.inf
    plain = (q @ k.transpose(1, 2) / 4 + bias).softmax(dim=-1) @ v
    with torch.inference_mode():
        torch.testing.assert_close(attend(q, k, v, bias), plain)


@pytest.mark.parametrize("rows", [1, 63, 64, 200])
@pytest.mark.parametrize("activation", ["none", "relu", "gelu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_linear_layers(rows, activation, dtype) -> None:
    layer = Linear(12, 20).to(dtype)
    x = torch.randn(2, rows, 12, dtype=dtype)
    plain = F.linear(x, layer.weight, layer.bias)
    if activation != "none":
        plain = getattr(F, activation)(plain)
    with torch.inference_mode():
        quick = layer(x, activation)
    assert quick.dtype == dtype
    tolerance = {"atol": 2e-2, "rtol": 2e-2} if dtype == torch.bfloat16 else {}
    torch.testing.assert_close(quick, plain.detach(), **tolerance)


def test_linear_layers_take_views_and_no_bias() -> None:
    x, weight = torch.randn(70, 24)[:, ::2], torch.randn(12, 20).T
    with torch.inference_mode():
        torch.testing.assert_close(linear(x, weight), x @ weight.T)
        torch.testing.assert_close(
            linear(x.expand(3, 70, 12), weight), (x @ weight.T).expand(3, 70, 20)
        )


def test_gradients_flow() -> None:
    layer = Linear(12, 20)
    layer(torch.randn(100, 12), "gelu").sum().backward()
    assert layer.weight.grad is not None
    attend(torch.randn(1, 4, 8, requires_grad=True), *torch.randn(2, 1, 4, 8)).sum()


@pytest.mark.parametrize("narrow", [True, False])
def test_values_projected_late_are_the_same(narrow) -> None:
    layer = RotaryAttention(16, 4 if narrow else 16).requires_grad_(False)
    tokens = torch.randn(3, 2 * 64 + 5, 4 if narrow else 16)
    q, table = torch.randn(1, 64, 16), rotary_table(16, 8, 8, torch.device("cpu"))
    ordinary = layer(q, tokens, tokens, table, 5)
    with torch.inference_mode():
        quick = layer(q, tokens, tokens, table, 5)
    torch.testing.assert_close(quick, ordinary, atol=1e-5, rtol=1e-4)


@pytest.fixture
def scores(monkeypatch) -> list[int]:
    """Return how many bytes of scores each call writes out."""
    seen = []

    def spy(q, k, v, attn_mask=None):
        seen.append(4 * math.prod(q.shape[:-1]) * k.shape[-2])
        return plain(q, k, v, attn_mask=attn_mask)

    plain = F.scaled_dot_product_attention
    monkeypatch.setattr(F, "scaled_dot_product_attention", spy)
    return seen


@pytest.mark.parametrize("hides", [True, False])
def test_scores_that_an_apple_gpu_writes_out_stay_small(
    hides, scores, monkeypatch
) -> None:
    q, k, v = torch.randn(1, 50, 16), torch.randn(3, 90, 16), torch.randn(3, 90, 16)
    bias = torch.zeros(90)
    bias[60:] = -torch.inf if hides else 0.0
    with pretend_gpu("mps", rounds=False):
        there = [one.to("mps") for one in (q, k, v, bias)]
        whole = attend(*there).cpu()
        monkeypatch.setattr(attention, "_MOST_SCORE_BYTES", 20_000)
        parted = attend(*there).cpu()
    assert scores[0] > 20_000
    assert max(scores[1:]) <= 20_000
    torch.testing.assert_close(parted, whole, atol=1e-6, rtol=1e-6)


def test_frames_are_encoded_alike_where_scores_are_written_out(
    scores, monkeypatch
) -> None:
    monkeypatch.setattr(attention, "_MOST_SCORE_BYTES", 1 << 15)
    model, images = seeded_model(), torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        here = model.encode_image(images)
        assert max(scores) > 1 << 15
        scores.clear()
        with pretend_gpu("mps", rounds=False):
            there = model.to("mps").encode_image(images.to("mps"))
            found = [one.cpu() for one in there]
    assert max(scores) <= 1 << 15
    for one, other in zip(found, here, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
