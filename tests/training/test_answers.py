"""Training puts the model together as the engine does."""

from __future__ import annotations

import torch

from napari_sam2.engine.objects.memory import FrameMemory, MemoryBank
from napari_sam2.engine.objects.selection import Selection
from napari_sam2.engine.objects.stepping import MemoryQuery, gather
from napari_sam2.training.answers import (
    Bank,
    Remembered,
    adopt,
    normalised,
    of_objects,
    remember,
    respond,
    shares,
)
from tests.engine.stacks import NOWHERE
from tests.miniature import MINIATURE


def test_memories_are_gathered_as_the_engine_gathers_them(miniature) -> None:
    grid, frames = MINIATURE.grid**2, 5
    generator = torch.Generator().manual_seed(0)

    def made(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).bfloat16().float()

    held = {
        t: Remembered(
            made(2, grid, MINIATURE.memory_dim), made(2, MINIATURE.hidden_dim)
        )
        for t in range(4)
    }
    ours = Bank(miniature, frames)
    for t, memory in held.items():
        ours.put(t, memory, is_prompted=t == 0)
    selection = Selection(((0, 0), (1, 2), (2, 3)), ((4, 0), (1, 3), (2, 2), (3, 1)))
    group = []
    for row in range(2):
        bank = MemoryBank(
            recent={
                t: FrameMemory(m.spatial[row], m.pointers[row], NOWHERE)
                for t, m in held.items()
            }
        )
        group.append(MemoryQuery(row, bank, selection, NOWHERE.view))
    theirs = gather(miniature, group, max(1, min(frames, MINIATURE.pointer_count) - 1))
    found = ours.recall(4)
    assert found.pointer_tokens == theirs.pointer_tokens
    assert torch.allclose(found.values, theirs.values, atol=1e-6)
    assert torch.allclose(found.keys, theirs.keys, atol=1e-5)


def test_a_prompt_of_long_ago_is_looked_at_as_an_old_one(miniature) -> None:
    grid = MINIATURE.grid**2
    memory = Remembered(
        torch.ones(1, grid, MINIATURE.memory_dim), torch.ones(1, MINIATURE.hidden_dim)
    )
    keys = []
    for origin in (0, -40):
        bank = Bank(miniature, 4)
        bank.put(origin, memory, is_prompted=True)
        keys.append(bank.recall(1).keys)
    assert torch.equal(keys[0][:, :grid], keys[1][:, :grid])  # its picture has no age
    assert not torch.equal(keys[0][:, grid:], keys[1][:, grid:])


def test_answers_are_those_of_the_model(miniature, clips) -> None:
    with torch.no_grad():
        encoded = miniature.encode_image(normalised(clips.images[:, 0]))
        features = of_objects(encoded, torch.tensor([1]))
        xy, labels = torch.tensor([[[20.0, 30.0]]]), torch.tensor([[1]])
        prompts = miniature.embed_prompts(xy, labels)
        coarse = miniature.without_memory(features)
        ours = respond(miniature, coarse, features, prompts, ambiguous=True)
        theirs = miniature.decode(coarse, features, prompts, ambiguous=True)
    assert torch.equal(ours.logits, theirs.logits)
    assert torch.equal(ours.pointers, theirs.pointers)
    assert torch.equal(ours.object_logits, theirs.object_logits)


def test_gradients_reach_every_part_through_a_memory(pupil, clips) -> None:
    encoded = pupil.encode_image(normalised(clips.images[0]))
    first, second = (of_objects(encoded, torch.tensor([t, t])) for t in (0, 1))
    masks = torch.zeros(2, 64, 64, dtype=torch.bool)
    masks[:, 10:40, 10:40] = True
    bank = Bank(pupil, 4)
    given = adopt(pupil, first, masks)
    bank.put(0, remember(pupil, first, given, is_prompted=True), is_prompted=True)
    coarse = pupil.attend_memory(second, bank.recall(1))
    answer = respond(pupil, coarse, second, pupil.embed_no_prompts(2), ambiguous=True)
    assert answer.candidates is not None
    answer.candidates.logits.square().mean().backward()
    for part in (
        pupil.memory_encoder.out_proj.weight,
        pupil.memory_attention.layers[0].cross_attn_image.v_proj.weight,
        pupil.obj_ptr_proj.layers[0].weight,
        pupil.image_encoder.trunk.patch_embed.proj.weight,
        pupil.maskmem_tpos_enc,
    ):
        assert part.grad is not None
        assert part.grad.any()


def test_shares_are_means_over_cells() -> None:
    masks = torch.zeros(1, 8, 8, dtype=torch.bool)
    masks[0, :4, :2] = True
    assert shares(masks)[0].tolist() == [[0.5, 0.0], [0.0, 0.0]]
