"""What is computed a piece at a time is what is computed at once."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.model import pieces
from napari_sam2.model.blocks import MLP
from napari_sam2.model.pieces import exceeds_a_piece, few_at_once, in_pieces
from tests.miniature import seeded_model

OBJECTS = 5


@pytest.fixture
def small_pieces(monkeypatch):
    """Let a piece be of so many bytes, on a machine with any number of processors."""

    def shrink(nbytes: int) -> None:
        monkeypatch.setattr(pieces, "_room", lambda: nbytes)

    return shrink


def image(seed: int, size: int) -> torch.Tensor:
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def test_rows_are_computed_a_piece_at_a_time(small_pieces) -> None:
    small_pieces(100)
    seen = []

    def double(rows):
        seen.append(len(rows))
        return 2 * rows

    x = torch.randn(2, 20, 3)
    assert exceeds_a_piece(x, 3)
    torch.testing.assert_close(in_pieces(double, x, 3), 2 * x)
    assert seen == [5, 5, 5, 5] * 2
    assert not exceeds_a_piece(x, 1)


def test_what_is_recorded_or_elsewhere_is_left_whole(small_pieces) -> None:
    small_pieces(1)
    assert not exceeds_a_piece(torch.randn(1, 20, 3), 3)  # gradients are recorded
    with torch.inference_mode():
        assert not exceeds_a_piece(torch.empty(1, 20, 3, device="meta"), 3)


@pytest.mark.parametrize(
    ("nbytes", "sizes"), [(1, [1] * 5), (80, [2, 2, 1]), (999, [5])]
)
@torch.inference_mode()
def test_objects_are_computed_a_few_at_a_time(small_pieces, nbytes, sizes) -> None:
    small_pieces(nbytes)
    x, seen = torch.randn(OBJECTS, 4), []

    def double(some):
        seen.append(len(x[some]))
        return 2 * x[some]

    torch.testing.assert_close(few_at_once(double, x, OBJECTS, 10), 2 * x)
    assert seen == sizes


@torch.inference_mode()
def test_a_perceptron_of_many_rows(small_pieces) -> None:
    perceptron = MLP((8, 32, 8), "gelu")
    x = torch.randn(2, 100, 8)
    whole = perceptron(x)
    small_pieces(4096)
    torch.testing.assert_close(perceptron(x), whole)


@pytest.mark.parametrize("size", [64, 96])  # windows end at the edge, or are cut by it
@torch.inference_mode()
def test_images_are_encoded_as_at_once(small_pieces, size) -> None:
    model = seeded_model(image_size=size)
    images = torch.cat([image(seed, size) for seed in (1, 2)])
    whole = model.encode_image(images)
    small_pieces(2048)
    for ours, expected in zip(model.encode_image(images), whole, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_an_image_is_the_same_whatever_it_is_encoded_with(small_pieces) -> None:
    model = seeded_model()
    small_pieces(2048)
    images = torch.cat([image(seed, 64) for seed in (1, 2)])
    together, alone = model.encode_image(images), model.encode_image(images[:1])
    for ours, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(ours[:1], expected, atol=1e-6, rtol=1e-5)


@torch.inference_mode()
def test_of_products_that_are_large_enough_it_is_the_same_bit_by_bit(
    nano, small_pieces
) -> None:
    small_pieces(1 << 20)
    images = torch.cat([image(seed, 256) for seed in (1, 2, 3)])
    together, alone = nano.encode_image(images), nano.encode_image(images[:1])
    for ours, expected in zip(together, alone, strict=True):
        assert torch.equal(ours[:1], expected)


@torch.inference_mode()
def test_of_no_images_there_is_nothing() -> None:
    assert MLP((4, 8, 4))(torch.empty(0, 3, 4)).shape == (0, 3, 4)


@pytest.mark.parametrize("frames", [1, OBJECTS], ids=["one frame", "a view each"])
@torch.inference_mode()
def test_objects_are_found_and_remembered_as_at_once(
    miniature, small_pieces, frames
) -> None:
    views = torch.cat([image(seed, 64) for seed in range(frames)])
    features = miniature.encode_image(views)
    width, grid = miniature.config.memory_dim, miniature.config.grid
    spatial = torch.randn(OBJECTS, 2 * grid**2, width)
    pointers = torch.randn(OBJECTS, 2, miniature.config.hidden_dim)
    logits, there = torch.randn(OBJECTS, 1, 16, 16), torch.randn(OBJECTS, 1)

    def compute():
        memory = miniature.recall(spatial, [1, 2], pointers, torch.tensor([0.1, 0.2]))
        found = miniature.attend_memory(features, memory)
        kept = miniature.encode_memory(features, logits, there, is_prompted=False)
        return found, kept

    whole = compute()
    small_pieces(1)
    for ours, expected in zip(compute(), whole, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)
