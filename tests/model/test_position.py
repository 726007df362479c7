"""Position codes equal naively written formulas, and tables never go stale."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.model.position import (
    ShapeTables,
    TableCache,
    age_code,
    fix_tables,
    rotary_table,
    rotate,
    sine_position,
)

CPU = torch.device("cpu")


@given(st.sampled_from([4, 8, 64]), st.integers(1, 6), st.integers(1, 6))
def test_sine_position(dim: int, height: int, width: int) -> None:
    code = sine_position(dim, height, width, CPU)
    assert code.shape == (dim, height, width)
    rows, columns = (np.arange(n) + 1 for n in (height, width))
    half = dim // 2
    for i in range(half):
        speed = 2 * math.pi / 10_000 ** (2 * (i // 2) / half)
        wave = np.cos if i % 2 else np.sin
        down = np.repeat(wave(rows / height * speed)[:, None], width, axis=1)
        across = np.repeat(wave(columns / width * speed)[None], height, axis=0)
        np.testing.assert_allclose(code[i], down, atol=2e-4)
        np.testing.assert_allclose(code[half + i], across, atol=2e-4)


@given(st.sampled_from([4, 8, 16]), st.integers(1, 5), st.integers(1, 5), st.data())
def test_rotate_turns_pairs_by_column_then_row(dim, height, width, data) -> None:
    seed = data.draw(st.integers(0, 99))
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(2, height * width, dim, generator=generator)
    turned = rotate(tokens, rotary_table(dim, height, width, CPU))
    pairs = tokens.unflatten(-1, (-1, 2)).double().numpy()
    for token in range(height * width):
        y, x = divmod(token, width)
        for pair in range(dim // 2):
            axis, i = divmod(pair, dim // 4)
            angle = (y if axis else x) * 10_000 ** (-4 * i / dim)
            number = pairs[:, token, pair, 0] + 1j * pairs[:, token, pair, 1]
            number = number * np.exp(1j * angle)
            got = turned[:, token, 2 * pair : 2 * pair + 2]
            expected = np.stack([number.real, number.imag], axis=-1)
            np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_both_ways_of_turning_agree(dtype) -> None:
    tokens = torch.randn(3, 12, 16)
    table = rotary_table(16, 3, 4, CPU)
    other = rotate(tokens.to(dtype), table)
    assert other.dtype == dtype
    torch.testing.assert_close(
        other.float(), rotate(tokens, table), atol=0.03, rtol=0.02
    )


def test_turning_keeps_lengths_and_knows_only_distances() -> None:
    q, k = torch.randn(2, 1, 1, 16).expand(-1, 1, 25, -1)
    table = rotary_table(16, 5, 5, CPU)
    q, k = rotate(q, table)[0], rotate(k, table)[0]
    torch.testing.assert_close(q.norm(dim=1), q.norm(dim=1)[:1].expand(25))
    scores = (q @ k.T).view(5, 5, 5, 5)  # (qy, qx, ky, kx)
    torch.testing.assert_close(scores[0, 0, 2, 3], scores[2, 1, 4, 4])


@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=4))
def test_age_code(ages) -> None:
    code = age_code(torch.tensor(ages), 16)
    for row, age in zip(code, ages, strict=True):
        powers = [10_000 ** (2 * (i // 2) / 8) for i in range(8)]
        expected = [math.sin(age / p) for p in powers]
        expected += [math.cos(age / p) for p in powers]
        np.testing.assert_allclose(row, expected, atol=1e-6)


class Doubling(torch.nn.Module):
    """A module that makes a table of its parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(4.0), requires_grad=False)
        self.tables = TableCache()
        self.made = 0

    def forward(self, key: int = 0) -> torch.Tensor:
        def make() -> torch.Tensor:
            self.made += 1
            return 2 * self.weight + key

        return self.tables.get((self.weight,), key, make)


def test_a_table_is_made_once() -> None:
    module = Doubling()
    assert module() is module()
    assert module.made == 1


def test_a_table_follows_its_parameter_changed_in_place() -> None:
    module = Doubling()
    module()
    with torch.no_grad():
        module.weight.add_(1)
    torch.testing.assert_close(module(), 2 * module.weight)


def test_a_table_follows_its_parameter_cast() -> None:
    module = Doubling()
    module()
    assert module.double()().dtype == torch.float64
    assert module.float()().dtype == torch.float32


def test_a_table_follows_its_parameter_moved() -> None:
    module = Doubling()
    module()
    assert module.to("meta")().device.type == "meta"


def test_a_table_follows_weights_that_take_the_place_of_others() -> None:
    """Freed weights leave their address to the next ones."""
    module = Doubling()
    for value in range(50):
        weight = torch.full((256,), float(value))
        module.weight = torch.nn.Parameter(weight, requires_grad=False)
        del weight
        assert (module() == 2 * value).all()
    for value in range(50):
        module.weight.data = torch.full((256,), float(value))
        assert (module() == 2 * value).all()


def test_few_tables_are_kept() -> None:
    module = Doubling()
    for key in range(100):
        torch.testing.assert_close(module(key), 2 * module.weight + key)
    assert len(module.tables) <= 8


def test_of_many_tables_only_the_oldest_is_made_again() -> None:
    module = Doubling()
    for key in (*range(9), *range(1, 9)):
        module(key)
    assert module.made == 9
    module(0)
    assert module.made == 10


def test_tables_of_a_whole_network_are_fixed() -> None:
    inner = Doubling()
    fix_tables(torch.nn.Sequential(torch.nn.Identity(), torch.nn.Sequential(inner)))
    table = inner()
    with torch.no_grad():
        inner.weight.add_(1)
    assert inner() is table


def test_tables_are_not_kept_while_gradients_are_recorded() -> None:
    module = Doubling()
    module.weight.requires_grad_()
    module().sum().backward()
    torch.testing.assert_close(module.weight.grad, torch.full((4,), 2.0))
    with torch.no_grad():
        assert module() is module()


def test_a_table_made_during_inference_serves_training() -> None:
    module = Doubling()
    with torch.inference_mode():
        table = module()
    assert not table.is_inference()


def test_where_there_are_too_many_tables_of_shapes_only_the_oldest_goes() -> None:
    tables, made = ShapeTables(), []
    most = tables.MOST

    def get(key: int) -> None:
        tables.get(key, lambda: made.append(key) or torch.zeros(1))

    for key in range(most + 1):
        get(key)
    get(most)
    get(1)
    assert made == list(range(most + 1))
    get(0)
    assert made[-1] == 0
