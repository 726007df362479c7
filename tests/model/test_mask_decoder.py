"""Which of four masks is taken."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.model.mask_decoder import Candidates, choose
from napari_sam2.model.resize import upscale


def candidates(first_mask: torch.Tensor, ious: list[list[float]]) -> Candidates:
    """Return B objects whose masks 1 to 3 are filled with their own number."""
    batch = len(ious)
    logits = torch.arange(4.0).view(1, 4, 1, 1).repeat(batch, 1, 10, 10)
    logits[:, 0] = first_mask
    tokens = torch.arange(4.0).view(1, 4, 1).expand(batch, -1, 2)
    return Candidates(logits, torch.tensor(ious), tokens, torch.ones(batch, 1))


def mask(surely: int, barely: int) -> torch.Tensor:
    """Return 10 × 10 logits with some pixels inside, and some on the edge."""
    flat = torch.full((100,), -5.0)
    flat[:surely] = 5.0
    flat[surely : surely + barely] = 0.01
    return flat.view(10, 10)


def test_an_ambiguous_prompt_gets_the_best_of_three() -> None:
    found = candidates(mask(50, 0), [[0.99, 0.1, 0.8, 0.3], [0.0, 0.9, 0.2, 0.3]])
    choice = choose(found, ambiguous=True)
    assert choice.logits[:, 0, 0, 0].tolist() == [2, 1]
    assert choice.tokens[:, 0].tolist() == [2, 1]
    torch.testing.assert_close(choice.ious, torch.tensor([0.8, 0.9]))


def test_a_clear_prompt_gets_the_first_mask() -> None:
    choice = choose(candidates(mask(50, 1), [[0.1, 0.9, 0.8, 0.7]]), ambiguous=False)
    assert torch.equal(choice.logits[0, 0], mask(50, 1))
    assert choice.ious.tolist() == torch.tensor([0.1]).tolist()


def test_an_unstable_first_mask_gives_way_but_keeps_its_token() -> None:
    choice = choose(candidates(mask(50, 2), [[0.1, 0.6, 0.8, 0.7]]), ambiguous=False)
    assert choice.logits[0, 0, 0, 0] == 2
    assert choice.tokens[0, 0] == 0
    torch.testing.assert_close(choice.ious, torch.tensor([0.8]))


def test_the_threshold_is_98_per_cent() -> None:
    for surely, barely, stable in ((98, 2, True), (97, 3, False), (49, 1, True)):
        found = candidates(mask(surely, barely), [[0.1, 0.9, 0.8, 0.7]])
        index = choose(found, ambiguous=False).ious.item()
        assert (index < 0.5) == stable


def test_an_empty_first_mask_is_stable() -> None:
    found = candidates(torch.full((10, 10), -5.0), [[0.1, 0.9, 0.8, 0.7]])
    assert (choose(found, ambiguous=False).logits == -5).all()


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_every_object_is_judged_alone(stable) -> None:
    firsts = torch.stack([mask(50, 0 if one else 20) for one in stable])
    found = candidates(firsts, [[0.1, 0.6, 0.8, 0.7]] * len(stable))
    ious = choose(found, ambiguous=False).ious
    assert [iou < 0.5 for iou in ious.tolist()] == stable


def test_upscaling_keeps_constants_and_type() -> None:
    upscaled = upscale(torch.full((2, 1, 4, 4), 3.0, dtype=torch.bfloat16), 16)
    assert upscaled.shape == (2, 1, 16, 16)
    assert upscaled.dtype == torch.float32
    assert (upscaled == 3).all()
