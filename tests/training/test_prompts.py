"""Simulated prompts hit what they are meant to hit."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.model.prompt_encoder import BOX_END, BOX_START, NEGATIVE, POSITIVE
from napari_sam2.training.prompts import ask, boxes, click, clicks, corrections, depth
from napari_sam2.training.scenes.dice import Dice

CPU = torch.device("cpu")


def rectangle(y0: int, x0: int, y1: int, x1: int, size: int = 64) -> torch.Tensor:
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[0, y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


corner = st.integers(0, 50)
side = st.integers(0, 13)


@given(y=corner, x=corner, height=side, width=side, seed=st.integers(0, 99))
@settings(max_examples=40)
def test_clicks_lie_inside(y, x, height, width, seed) -> None:
    mask = rectangle(y, x, y + height, x + width)
    found = clicks(Dice(seed, 0, CPU), mask)
    column, row = found.xy[0, 0].tolist()
    assert mask[0, int(row), int(column)]
    assert found.labels.tolist() == [[POSITIVE]]


def test_central_clicks_lie_deep_inside() -> None:
    mask = rectangle(10, 10, 50, 30)
    for seed in range(5):
        x, y = click(Dice(seed, 0, CPU), mask, central=1.0)[0].tolist()
        assert abs(x - 20.5) < 6
        assert 18 < y < 44


def test_depth_is_highest_in_the_middle() -> None:
    deep = depth(rectangle(16, 16, 47, 47))[0]
    assert deep[32, 32] > deep[18, 32] > deep[4, 32]


@given(y=corner, x=corner, height=side, width=side)
@settings(max_examples=30)
def test_careful_boxes_touch_the_outermost_pixels(y, x, height, width) -> None:
    mask = rectangle(y, x, y + height, x + width)
    found = boxes(Dice(0, 0, CPU), mask, jitter=0.0)
    expected = [[x + 0.5, y + 0.5], [x + width + 0.5, y + height + 0.5]]
    assert found.xy[0].tolist() == expected
    assert found.labels.tolist() == [[BOX_START, BOX_END]]


def test_hasty_boxes_stay_near() -> None:
    mask = rectangle(20, 20, 39, 39).expand(200, -1, -1)
    off = boxes(Dice(0, 0, CPU), mask).xy - torch.tensor([[20.5, 20.5], [39.5, 39.5]])
    assert 0.2 < float(off.std()) < 2
    assert off.abs().max() <= 0.05 * 64 + 1e-4


def test_corrections_say_what_is_missing_and_what_is_too_much() -> None:
    truth = rectangle(10, 10, 30, 30)
    nothing = torch.zeros_like(truth)
    missing = corrections(Dice(0, 0, CPU), nothing, truth)
    assert missing.labels.tolist() == [[POSITIVE]]
    x, y = missing.xy[0, 0].long().tolist()
    assert truth[0, y, x]
    leaked = corrections(Dice(0, 0, CPU), rectangle(10, 10, 30, 60), truth)
    assert leaked.labels.tolist() == [[NEGATIVE]]
    assert leaked.xy[0, 0, 0] > 31
    right = corrections(Dice(0, 0, CPU), truth, truth)
    assert right.labels.tolist() == [[POSITIVE]]


def test_only_visible_objects_are_asked_for_and_none_twice() -> None:
    labels = torch.zeros(2, 3, 64, 64, dtype=torch.int64)
    labels[0, :, :20, :20] = 5
    labels[0, 1:, 30:50, 30:50] = 9  # comes later
    labels[1, :, :10, :10] = 1
    labels[1, 0, 20:40, 20:40] = 2
    asked = ask(Dice(0, 0, CPU), labels, 4)
    assert asked.clips.tolist() == [0, 1, 1]
    assert asked.masks[0].sum().item() == 3 * 400
    areas = sorted(asked.masks[1:, 0].flatten(1).sum(1).tolist())
    assert areas == [100, 400]


def test_points_are_joined_in_order() -> None:
    mask = rectangle(5, 5, 20, 20)
    dice = Dice(0, 0, CPU)
    joined = boxes(dice, mask).and_then(clicks(dice, mask))
    assert joined.labels.tolist() == [[BOX_START, BOX_END, POSITIVE]]
    assert joined.xy.shape == (1, 3, 2)
