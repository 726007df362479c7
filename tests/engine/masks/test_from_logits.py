"""Logits to masks: crops equal whole frames, and no pixel has two owners."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.engine.masks.from_logits import (
    Crop,
    Grids,
    Scores,
    as_bits,
    crop_logits,
    from_bits,
    positive,
    to_results,
)
from napari_sam2.engine.masks.overlaps import settle_overlaps
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.views.view import occupied, whole_view

RAW = TrackerOptions(hole_area=0, island_area=0)
SHAPES = st.tuples(st.integers(1, 70), st.integers(1, 70))


def noise(batch: int, size: int, seed: int) -> torch.Tensor:
    """Return smooth logits, some of them negative everywhere."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(batch, 1, 5, 5, generator=generator)
    coarse -= torch.rand(batch, 1, 1, 1, generator=generator) * 3
    return F.interpolate(coarse, (size, size), mode="bicubic")[:, 0]


def pasted(crop: Crop, shape_hw) -> torch.Tensor:
    frame = torch.full(shape_hw, -1.0)
    height, width = crop.logits.shape
    frame[crop.y : crop.y + height, crop.x : crop.x + width] = crop.logits
    return frame


def whole(logits: torch.Tensor, shape_hw) -> Grids:
    views = [whole_view(shape_hw)] * len(logits)
    return Grids(logits, occupied(logits), views)


def results_of(logits, said, frame, shape_hw, options):
    return to_results(whole(logits, shape_hw), said, frame, shape_hw, options)


def scores(count: int) -> list[Scores]:
    return [Scores(i + 1, 0.5, 1.0, False) for i in range(count)]


def drawn(shape_hw, *boxes, holes=()) -> torch.Tensor:
    logits = torch.full(shape_hw, -4.0)
    for value, marked in ((4.0, boxes), (-4.0, holes)):
        for y0, x0, y1, x1 in marked:
            logits[y0:y1, x0:x1] = value
    return logits


@settings(max_examples=60)
@given(st.integers(1, 3), st.sampled_from([8, 16, 64]), SHAPES, st.integers(0, 99))
def test_crops_equal_the_whole_frame_resized(batch, size, shape_hw, seed) -> None:
    logits = noise(batch, size, seed)
    plain = F.interpolate(logits[:, None], shape_hw, mode="bilinear")[:, 0]
    for crop, expected in zip(crop_logits(whole(logits, shape_hw)), plain, strict=True):
        height, width = crop.logits.shape
        part = expected[crop.y : crop.y + height, crop.x : crop.x + width]
        torch.testing.assert_close(crop.logits, part, atol=1e-5, rtol=1e-4)
        sure = expected.abs() > 1e-4
        assert torch.equal((pasted(crop, shape_hw) > 0)[sure], (expected > 0)[sure])


def test_small_objects_make_small_crops() -> None:
    logits = drawn((64, 64), (10, 20, 12, 23))[None]
    [crop] = crop_logits(whole(logits, (640, 1280)))
    assert crop.logits.shape[0] <= 10 * 4
    assert crop.logits.shape[1] <= 20 * 5


def test_absent_objects_make_no_crop() -> None:
    [crop] = crop_logits(whole(torch.full((1, 8, 8), -1024.0), (30, 40)))
    assert crop.logits.numel() == 0


@given(st.integers(1, 5), SHAPES, st.integers(0, 99))
def test_each_pixel_goes_to_the_surest(batch, shape_hw, seed) -> None:
    crops = crop_logits(whole(noise(batch, 16, seed), shape_hw))
    before = torch.stack([pasted(crop, shape_hw) for crop in crops])
    settle_overlaps(crops)
    after = torch.stack([pasted(crop, shape_hw) for crop in crops]) > 0
    owners = torch.where(before.amax(0) > 0, before.argmax(0), -1)
    for index, mask in enumerate(after):
        assert torch.equal(mask, owners == index)


def test_the_answers_themselves_stay_as_they_are() -> None:
    logits = noise(3, 16, 1)
    kept = logits.clone()
    results_of(logits, scores(3), 0, (16, 16), TrackerOptions())
    assert torch.equal(logits, kept)


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=5),
    st.integers(0, 99),
)
def test_masks_travel_as_bits(shapes, seed) -> None:
    generator = np.random.default_rng(seed)
    masks = [generator.random(shape) < 0.5 for shape in shapes]
    tensors = [torch.from_numpy(mask) for mask in masks]
    if tensors:
        packed = as_bits(tensors)
        pixels = sum(mask.size for mask in masks)
        assert packed.dtype == torch.uint8
        assert len(packed) == -(-pixels // 8)
        for got, mask in zip(from_bits(packed.numpy(), shapes), masks, strict=True):
            assert got.dtype == bool
            np.testing.assert_array_equal(got, mask)
    logits = [tensor.float() - 0.5 for tensor in tensors]
    for got, mask in zip(positive(logits), masks, strict=True):
        assert got.dtype == bool
        np.testing.assert_array_equal(got, mask)


@settings(max_examples=40)
@given(st.integers(1, 4), SHAPES, st.integers(0, 99), st.booleans())
def test_results_never_overlap(batch, shape_hw, seed, cleaned) -> None:
    options = TrackerOptions() if cleaned else RAW
    results = results_of(noise(batch, 16, seed), scores(batch), 3, shape_hw, options)
    taken = np.zeros(shape_hw, int)
    for result in results:
        taken += result.mask
        assert result.shape_hw == shape_hw
        assert result.frame == 3
        assert result.is_absent == (result.crop.size == 0)
    assert taken.max() <= 1


def test_overlaps_may_be_allowed() -> None:
    logits = drawn((16, 16), (2, 2, 9, 9))[None].expand(2, -1, -1)
    results = results_of(logits, scores(2), 0, (16, 16), EXACT)
    np.testing.assert_array_equal(results[0].mask, results[1].mask)
    assert results[0].area == 49


def test_areas_are_counted_on_the_mask_grid() -> None:
    logits = drawn((16, 16), (2, 2, 12, 12), holes=[(5, 5, 7, 7)])[None]
    for shape_hw in ((16, 16), (160, 160), (32, 8)):
        middle = shape_hw[0] * 6 // 16, shape_hw[1] * 6 // 16
        for area in (2, 8):
            options = TrackerOptions(hole_area=area, island_area=0)
            [result] = results_of(logits, scores(1), 0, shape_hw, options)
            assert result.mask[middle] == (area == 8)


def test_an_object_in_the_hole_of_another_stays() -> None:
    ring = drawn((16, 16), (2, 2, 12, 12), holes=[(5, 5, 7, 7)])
    inside = drawn((16, 16), (5, 5, 7, 7))
    options = TrackerOptions(hole_area=8, island_area=0)
    for pair in ((ring, inside), (inside, ring)):
        results = results_of(torch.stack(pair), scores(2), 0, (16, 16), options)
        areas = {result.area for result in results}
        assert areas == {96, 4}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_object_with_a_hole_in_the_hole_of_another_stays(order) -> None:
    outer = drawn((32, 32), (2, 2, 30, 30), holes=[(10, 10, 16, 16)])
    inner = drawn((32, 32), (10, 10, 16, 16), holes=[(12, 12, 14, 14)])
    logits = torch.stack([outer, inner])[list(order)]
    options = TrackerOptions(hole_area=40, island_area=0)
    results = results_of(logits, scores(2), 0, (32, 32), options)
    found = [results[order.index(i)] for i in range(2)]
    assert found[0].area + found[1].area == 28 * 28
    assert found[1].area >= 32
    assert not (found[0].mask & found[1].mask).any()


@given(SHAPES, st.integers(0, 99))
@settings(max_examples=20)
def test_probabilities_agree_with_masks(shape_hw, seed) -> None:
    options = TrackerOptions(keeps_probabilities=True)
    logits = noise(3, 16, seed)
    for one in results_of(logits, scores(3), 0, shape_hw, options):
        (y, x), (height, width) = one.soft.origin_yx, one.soft.levels.shape
        probable = np.zeros(shape_hw, bool)
        probable[y : y + height, x : x + width] = one.soft.levels > 127
        np.testing.assert_array_equal(probable, one.mask)
    for one in results_of(logits, scores(3), 0, shape_hw, TrackerOptions()):
        assert one.soft is None


def test_confidence_travels_with_the_mask() -> None:
    logits = torch.stack([drawn((8, 8), (1, 1, 4, 4)), drawn((8, 8))])
    said = [Scores(7, 0.25, -3.5, True), Scores(9, 0.75, 2.0, False)]
    first, second = results_of(logits, said, 5, (8, 8), RAW)
    assert (first.object_id, first.predicted_iou, first.object_logit) == (7, 0.25, -3.5)
    assert first.is_prompted
    assert second.is_absent
    assert second.object_logit == 2.0
