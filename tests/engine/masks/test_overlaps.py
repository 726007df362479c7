"""Overlaps are settled as if every pair of objects were looked at, one by one."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.engine.masks import overlaps
from napari_sam2.engine.masks.from_logits import Crop
from napari_sam2.engine.masks.overlaps import settle_overlaps

LOST = -1.0
# Few values, so that objects are often equally sure.
LOGITS = torch.tensor([-9.0, -1.0, -0.5, 0.0, 0.5, 2.0, 7.0])
BOXES = st.tuples(*[st.integers(0, 12)] * 4)


def pair_by_pair(crops: list[Crop]) -> None:
    """Settle overlaps as they are explained: each object with each before it."""
    for index, one in enumerate(crops):
        for other in crops[:index]:
            a, b = shared(one, other), shared(other, one)
            wins = a > b
            a.masked_fill_(~wins & (b > 0), LOST)
            b.masked_fill_(wins & (a > 0), LOST)


def shared(one: Crop, other: Crop) -> torch.Tensor:
    """Return the part of a crop that another one meets, as a view."""
    parts = []
    for axis, start in enumerate((one.y, one.x)):
        first = max(start, (other.y, other.x)[axis])
        ends = ((c.y, c.x)[axis] + c.logits.shape[axis] for c in (one, other))
        parts.append(slice(first - start, max(first, min(ends)) - start))
    return one.logits[tuple(parts)]


def made(boxes, seed: int) -> list[Crop]:
    """Return crops of noise."""
    generator = torch.Generator().manual_seed(seed)
    crops = []
    for y, x, height, width in boxes:
        picks = torch.randint(len(LOGITS), (height, width), generator=generator)
        crops.append(Crop(y, x, LOGITS[picks]))
    return crops


@pytest.mark.parametrize("device", ["cpu", "elsewhere"])
@pytest.mark.parametrize("band_pixels", [1, 30, 1 << 22])
@given(boxes=st.lists(BOXES, max_size=9), seed=st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_the_result_is_that_of_all_pairs(device, band_pixels, boxes, seed) -> None:
    found, expected = made(boxes, seed), made(boxes, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps, "_BAND_PIXELS", band_pixels)
        if device != "cpu":
            patch.setattr(overlaps, "_pixels", lambda logits: logits)
        settle_overlaps(found)
    pair_by_pair(expected)
    for got, wanted in zip(found, expected, strict=True):
        assert torch.equal(got.logits, wanted.logits)


def test_thousands_of_objects_take_no_room_for_all_pairs() -> None:
    places = np.random.default_rng(0).integers(0, 4000, (3000, 2)).tolist()
    crops = [Crop(y, x, torch.ones(20, 20)) for y, x in places]
    tracemalloc.start()
    settle_overlaps(crops)
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()
    assert sum(int((crop.logits > 0).sum()) for crop in crops) < 3000 * 400
