"""Probabilities that agree with the mask they belong to."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_sam2.core.masks.soft import CERTAIN, SoftMask, soft_mask
from napari_sam2.core.results import mask_result

SHAPE = (5, 6)
HALF = CERTAIN // 2
probabilities = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))


@given(probabilities, arrays(bool, SHAPE))
def test_more_probable_than_not_is_the_mask(probability, mask):
    soft = soft_mask(probability, mask, (0, 0))
    np.testing.assert_array_equal(soft.levels > HALF, mask)


@given(probabilities)
def test_probabilities_are_kept_but_for_a_small_step(probability):
    soft = soft_mask(probability, probability > 0.5, (0, 0))
    np.testing.assert_allclose(soft.levels / CERTAIN, probability, atol=8 / CERTAIN)


def test_probabilities_move_with_their_mask():
    mask = np.zeros(SHAPE, bool)
    mask[1:3, 2:4] = True
    one = mask_result(mask, object_id=1, frame=0, predicted_iou=0.9, object_logit=5.0)
    soft = SoftMask((1, 2), np.full((2, 2), 200, np.uint8))
    whole = replace(one, soft=soft).within((20, 30), (10, 20))
    assert whole.soft.origin_yx == (11, 22) == whole.origin_yx
    less = whole.without(whole)
    assert less.is_absent
    assert less.soft.origin_yx == whole.soft.origin_yx
    assert not less.soft.levels.any()


@given(probabilities, arrays(bool, SHAPE), arrays(bool, SHAPE))
def test_probabilities_agree_with_a_mask_that_lost_pixels(probability, mine, others):
    facts = {"object_id": 1, "frame": 0, "predicted_iou": 0.9, "object_logit": 5.0}
    one = mask_result(mine, **facts)
    one = replace(one, soft=soft_mask(probability, mine, (0, 0)))
    one, other = (r.within((9, 9), (2, 3)) for r in (one, mask_result(others, **facts)))
    less = one.without(other)
    assert less.soft.origin_yx == (2, 3)
    np.testing.assert_array_equal(less.soft.levels > HALF, mine & ~others)
    untouched = ~(mine & others)
    np.testing.assert_array_equal(
        less.soft.levels[untouched], one.soft.levels[untouched]
    )
