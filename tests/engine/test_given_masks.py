"""Masks that are given are results to the pixel, whatever the model makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.prompts import BoxPrompt, MaskPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import BLOB, LIMITS, Generated

SHAPE = (40, 48)


def scattered(seed: int) -> np.ndarray:
    """Return a mask of single pixels, far finer than the model's grid."""
    return np.random.default_rng(seed).random(SHAPE) < 0.3


@pytest.mark.parametrize("mask", [BLOB, scattered(0), np.zeros(SHAPE, bool)])
def test_the_answer_and_the_run_have_the_mask(tracker, mask) -> None:
    assert np.array_equal(tracker.add(MaskPrompt(1, 3, mask)).mask, mask)
    found = {result.frame: result[1] for result in tracker.propagate()}
    assert np.array_equal(found[3].mask, mask)
    assert found[3].is_prompted
    assert not np.array_equal(found[4].mask, scattered(0))


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 99), min_size=2, max_size=4))
def test_masks_of_one_frame_stay_apart(miniature, seeds) -> None:
    """The first has what several were given; what was only found gives way."""
    tracker = VideoTracker(miniature, Generated(1), limits=LIMITS)
    tracker.add(BoxPrompt(1, 0, (2, 2, 38, 44)))
    masks = {2 + index: scattered(seed) for index, seed in enumerate(seeds)}
    for object_id, mask in masks.items():
        tracker.add(MaskPrompt(object_id, 0, mask))
    (result,) = tracker.propagate()
    taken = np.zeros(SHAPE, bool)
    for object_id, mask in masks.items():
        assert np.array_equal(result[object_id].mask, mask & ~taken)
        taken |= mask
    assert not (result[1].mask & taken).any()


def test_what_is_found_loses_to_a_given_mask_no_more_than_its_pixels(
    miniature,
) -> None:
    tracker = VideoTracker(miniature, Generated(1), limits=LIMITS)
    tracker.add(BoxPrompt(1, 0, (2, 2, 38, 44)))
    (alone,) = tracker.propagate()
    assert (alone[1].mask & BLOB).any()
    tracker.add(MaskPrompt(2, 0, BLOB))
    (both,) = tracker.propagate()
    assert np.array_equal(both[1].mask, alone[1].mask & ~BLOB)


def test_masks_may_overlap_if_that_is_allowed(miniature) -> None:
    options = replace(EXACT, allow_overlaps=True)
    tracker = VideoTracker(miniature, Generated(1), limits=LIMITS, options=options)
    for object_id in (1, 2):
        tracker.add(MaskPrompt(object_id, 0, BLOB))
    (result,) = tracker.propagate()
    assert all(np.array_equal(one.mask, BLOB) for one in result)


def test_probabilities_are_certain_where_a_mask_was_given(miniature) -> None:
    options = replace(EXACT, keeps_probabilities=True)
    tracker = VideoTracker(miniature, Generated(1), limits=LIMITS, options=options)
    tracker.add(MaskPrompt(1, 0, BLOB))
    (result,) = tracker.propagate()
    levels = np.zeros(SHAPE, np.uint8)
    (y, x), (h, w) = result[1].soft.origin_yx, result[1].soft.levels.shape
    levels[y : y + h, x : x + w] = result[1].soft.levels
    assert (levels[BLOB] > 240).all()
    assert not levels[~BLOB].any()
