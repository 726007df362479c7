"""The whole model: any size, any number of objects, nothing remembered."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.model.memory_attention import MemoryTokens
from napari_sam2.model.object_state import ABSENT_LOGIT, ObjectState
from napari_sam2.model.prompt_encoder import BOX_END, BOX_START, POSITIVE
from napari_sam2.model.sam2 import Sam2Model
from tests.miniature import MINIATURE, seeded_model


def image(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


def memories(model: Sam2Model, batch: int, frames: int, pointers: int) -> MemoryTokens:
    generator = torch.Generator().manual_seed(1)
    tokens = frames * model.config.grid**2 + pointers
    shape = (batch, tokens, model.config.memory_dim)
    keys, values = torch.randn(2, *shape, generator=generator)
    return MemoryTokens(values, keys, pointers)


@pytest.mark.parametrize("size", [32, 64, 96, 160, 224])
@torch.inference_mode()
def test_any_multiple_of_32(miniature, size) -> None:
    model = seeded_model(image_size=size)
    features = model.encode_image(image(size))
    assert features.coarse.shape == (1, 32, size // 16, size // 16)
    assert features.middle.shape == (1, 8, size // 8, size // 8)
    assert features.fine.shape == (1, 4, size // 4, size // 4)
    coarse = model.attend_memory(features, memories(model, 2, 2, 4))
    state = model.decode(coarse, features, model.embed_no_prompts(2), ambiguous=True)
    assert state.logits.shape == (2, 1, size // 4, size // 4)
    assert (state.ious.shape, state.pointers.shape) == ((2,), (2, 32))
    memory = model.encode_memory(
        features, state.logits, state.object_logits, is_prompted=False
    )
    assert memory.shape == (2, 8, size // 16, size // 16)
    assert all(torch.isfinite(t).all() for t in (*features, coarse, *state, memory))


@pytest.mark.parametrize("changes", [{"windows": (8, 4, 14, 7)}, {"version": "2.0"}])
@torch.inference_mode()
def test_other_relatives(changes) -> None:
    model = seeded_model(**changes)
    features = model.encode_image(image(64))
    prompts = model.embed_prompts(
        torch.tensor([[[5.0, 5.0], [40.0, 50.0]]]), torch.tensor([[2, 3]])
    )
    coarse = model.without_memory(features)
    state = model.decode(coarse, features, prompts, ambiguous=False)
    assert torch.isfinite(state.logits).all()


@settings(max_examples=8)
@given(st.integers(2, 5), st.integers(0, 3), st.integers(0, 8), st.booleans())
@torch.inference_mode()
def test_many_objects_are_each_as_if_alone(batch, frames, pointers, ambiguous) -> None:
    model = seeded_model()
    features = model.encode_image(image(64))
    tokens = memories(model, batch, frames + 1, pointers)
    xy = 64 * torch.rand(batch, 2, 2, generator=torch.Generator().manual_seed(2))
    labels = torch.tensor([[BOX_START, BOX_END]] * batch)
    together = run(model, features, tokens, xy, labels, ambiguous)
    for i in range(batch):
        part = slice(i, i + 1)
        one = MemoryTokens(tokens.values[part], tokens.keys[part], pointers)
        alone = run(model, features, one, xy[part], labels[part], ambiguous)
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[part], b, atol=1e-4, rtol=1e-4)


def run(model, features, tokens, xy, labels, ambiguous):
    coarse = model.attend_memory(features, tokens)
    prompts = model.embed_prompts(xy, labels)
    state = model.decode(coarse, features, prompts, ambiguous=ambiguous)
    memory = model.encode_memory(
        features, state.logits, state.object_logits, is_prompted=False
    )
    return *state, memory


@torch.inference_mode()
def test_images_in_one_batch_are_each_as_if_alone(miniature) -> None:
    images = torch.cat([image(64, seed) for seed in range(3)])
    together = miniature.encode_image(images)
    for i in range(3):
        alone = miniature.encode_image(images[i : i + 1])
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[i : i + 1], b, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_nothing_is_remembered_between_calls(miniature) -> None:
    before = miniature.encode_image(image(64))
    miniature.encode_image(image(64, 1))
    again = miniature.encode_image(image(64))
    for a, b in zip(before, again, strict=True):
        assert torch.equal(a, b)


@torch.inference_mode()
def test_absent_objects_have_no_mask_and_the_pointer_that_says_so() -> None:
    model = seeded_model()
    model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-9)
    features = model.encode_image(image(64))
    coarse = model.without_memory(features)
    state = model.decode(coarse, features, model.embed_no_prompts(2), ambiguous=True)
    assert (state.logits == ABSENT_LOGIT).all()
    assert torch.equal(state.pointers, model.no_obj_ptr.expand(2, -1))


@torch.inference_mode()
def test_2_1_marks_memories_of_absent_objects() -> None:
    features = seeded_model().encode_image(image(64))
    logits, scores = torch.randn(2, 1, 16, 16), torch.tensor([[1.0], [-1.0]])
    both = logits[:1].expand(2, -1, -1, -1)
    newer, older = seeded_model(), seeded_model(version="2.0")
    present, absent = newer.encode_memory(features, both, scores, is_prompted=False)
    mark = newer.no_obj_embed_spatial[0, :, None, None].expand_as(present)
    torch.testing.assert_close(absent - present, mark, atol=1e-4, rtol=1e-4)
    first, second = older.encode_memory(features, both, scores, is_prompted=False)
    torch.testing.assert_close(first, second)


@torch.inference_mode()
def test_prompted_masks_are_remembered_hard(miniature) -> None:
    features = miniature.encode_image(image(64))
    logits, score = torch.randn(1, 1, 16, 16), torch.ones(1, 1)
    kept = logits.clone()
    hard, larger, soft, softer = (
        miniature.encode_memory(features, values, score, is_prompted=is_prompted)
        for values, is_prompted in [
            (logits, True),
            (3 * logits, True),
            (logits, False),
            (3 * logits, False),
        ]
    )
    torch.testing.assert_close(hard, larger)
    assert not torch.allclose(soft, softer)
    assert torch.equal(logits, kept)


@torch.inference_mode()
def test_given_masks_are_the_answer(miniature) -> None:
    features = miniature.encode_image(image(64))
    masks = torch.zeros(2, 1, 64, 64)
    masks[0, 0, 8:40, 16:48] = 1
    state: ObjectState = miniature.adopt_masks(features, masks)
    assert torch.equal(state.logits[0, 0] > 0, masks[0, 0, ::4, ::4] > 0)
    assert state.object_logits[:, 0].tolist() == [10, -10]
    torch.testing.assert_close(state.logits[1], torch.full((1, 16, 16), -10.0))
    assert torch.equal(state.pointers[1], miniature.no_obj_ptr[0])
    assert state.ious.tolist() == [1, 1]


def test_time_codes_count_from_the_frame_before(miniature) -> None:
    count = MINIATURE.memory_count
    times = miniature.slot_times([0, count - 1, 1])
    table = miniature.maskmem_tpos_enc[:, 0, 0]
    assert torch.equal(times, table[[count - 1, 0, count - 2]])


def test_2_0_gives_pointers_no_time() -> None:
    older = seeded_model(version="2.0")
    assert (older.pointer_positions(torch.tensor([0.2, 1.0])) == 0).all()


def test_prompt_tokens(miniature) -> None:
    encoder = miniature.sam_prompt_encoder
    xy, labels = torch.tensor([[[10.0, 20.0], [3.0, 4.0]]]), torch.tensor([[1, -1]])
    tokens = encoder.points(xy, labels)
    matrix = encoder.pe_layer.positional_encoding_gaussian_matrix.double().numpy()
    phase = 2 * np.pi * ((2 * np.array([10, 20]) / 64 - 1) @ matrix)
    code = np.concatenate([np.sin(phase), np.cos(phase)])
    positive = encoder.point_embeddings[POSITIVE].weight[0].numpy()
    np.testing.assert_allclose(tokens[0, 0], code + positive, atol=1e-4)
    nothing = encoder.not_a_point_embed.weight[0]
    assert torch.equal(tokens[0, 1], nothing)
    assert torch.equal(tokens[0, 2], nothing)  # the padding point that always follows


def test_places_are_exact_however_the_rest_is_computed(miniature) -> None:
    """In bfloat16 a click would land up to four pixels away from where it was."""
    encoder = miniature.sam_prompt_encoder
    xy, labels = 64 * torch.rand(1, 5, 2), torch.ones(1, 5, dtype=torch.int64)
    exact = encoder.points(xy, labels)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = encoder.points(xy, labels)
        grid = seeded_model().sam_prompt_encoder.pe_layer.grid(4)
    torch.testing.assert_close(rounded, exact)
    torch.testing.assert_close(grid, encoder.pe_layer.grid(4))
