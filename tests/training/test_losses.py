"""Losses against cases made by hand."""

from __future__ import annotations

import math

import torch

from napari_sam2.model.mask_decoder import Candidates
from napari_sam2.training.losses import (
    judge,
    mask_loss,
    presence,
    ranking,
    soft_iou,
)


def square(size: int = 16) -> torch.Tensor:
    truth = torch.zeros(1, size, size)
    truth[0, 4:8, 4:8] = 1
    return truth


def sure(truth: torch.Tensor) -> torch.Tensor:
    return 40 * truth - 20


def candidates(logits: torch.Tensor, ious, object_logit: float = 20.0) -> Candidates:
    return Candidates(
        logits,
        torch.tensor(ious)[None],
        torch.zeros(1, 4, 8),
        torch.tensor([[object_logit]]),
    )


def test_a_perfect_mask_costs_nothing_and_a_wrong_one_a_lot() -> None:
    truth = square()
    assert mask_loss(sure(truth), truth).item() < 1e-4
    assert mask_loss(sure(1 - truth), truth).item() > 10


def test_missing_a_small_object_is_dear_though_most_pixels_are_right() -> None:
    truth = square(64)  # 16 of 4096 pixels
    missed = mask_loss(torch.full_like(truth, -8.0), truth)
    assert missed > 0.8
    found = mask_loss(16 * truth - 8, truth)
    assert missed > 20 * found


def test_overlaps_are_those_of_shares() -> None:
    truth = square()
    half = torch.zeros(1, 1, 16, 16)
    half[0, 0, 4:8, 4:6] = 1
    assert soft_iou(half > 0, truth).item() == 0.5
    nothing = torch.zeros(1, 1, 16, 16)
    assert soft_iou(nothing > 0, torch.zeros(1, 16, 16)).item() == 1.0
    assert soft_iou(nothing > 0, truth).item() == 0.0


def test_the_best_of_three_counts_when_one_click_is_ambiguous() -> None:
    truth = square()
    right, wrong = sure(truth), sure(1 - truth)
    logits = torch.stack([wrong, wrong, right, wrong], dim=1)
    best = judge(candidates(logits, [0.0, 0.0, 1.0, 0.0]), truth, ambiguous=True)
    none = judge(
        candidates(torch.stack([right, *[wrong] * 3], 1), [1.0, 0.0, 0.0, 0.0]),
        truth,
        ambiguous=True,
    )
    assert best.loss < 0.2 * none.loss
    assert best.ious[0].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_the_first_mask_counts_when_the_prompt_is_clear() -> None:
    truth = square()
    right, wrong = sure(truth), sure(1 - truth)
    first = torch.stack([right, wrong, wrong, wrong], dim=1)
    judged = judge(candidates(first, [1.0, 0.5, 0.5, 0.5]), truth, ambiguous=False)
    assert judged.loss < 0.01


def test_scores_are_told_off_for_the_wrong_order_only() -> None:
    ious = torch.tensor([[0.9, 0.5, 0.1]])
    assert ranking(torch.tensor([[0.8, 0.6, 0.3]]), ious).item() == 0
    assert ranking(torch.tensor([[0.3, 0.6, 0.8]]), ious).item() > 1
    alike = torch.tensor([[0.5, 0.5, 0.5]])
    assert ranking(torch.tensor([[0.3, 0.6, 0.8]]), alike).item() == 0


def test_absent_objects_teach_absence_and_nothing_else() -> None:
    truth = torch.zeros(1, 16, 16)
    logits = torch.randn(1, 4, 16, 16, requires_grad=True)
    seen = judge(candidates(logits, [0.5] * 4, 4.0), truth, ambiguous=True)
    gone = judge(candidates(logits, [0.5] * 4, -4.0), truth, ambiguous=True)
    assert seen.loss > 3 > 0.1 > gone.loss
    seen.loss.backward()
    assert not logits.grad.any()


def test_presence_is_a_cross_entropy() -> None:
    loss = presence(torch.zeros(1, 1), torch.tensor([True]))
    assert math.isclose(loss.item(), math.log(2), rel_tol=1e-6)
