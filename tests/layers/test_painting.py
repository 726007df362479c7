from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.layers.painting import draw, paint, painted_masks
from napari_sam2.state import Document

SHAPE = (6, 7)
masks = arrays(bool, SHAPE)
images = arrays(np.uint16, SHAPE, elements=st.integers(0, 4))


def drawn_of(stack):
    return tuple((i + 1, pack_mask(mask)) for i, mask in enumerate(stack))


@given(st.lists(masks, max_size=3), images, masks)
def test_drawing_the_painted_masks_gives_what_was_painted(stack, paint_over, where):
    before = drawn_of(stack)
    was = np.zeros(SHAPE, np.uint16)
    draw(before, was)
    now = np.where(where, paint_over, was)
    painted = painted_masks(before, now)
    after = {**{i: mask.mask for i, mask in before}, **painted}
    changed = now != was
    for object_id, mask in after.items():
        np.testing.assert_array_equal(mask[changed], now[changed] == object_id)
    for object_id, mask in before:
        np.testing.assert_array_equal(after[object_id][~changed], mask.mask[~changed])


@given(st.lists(masks, max_size=3))
def test_what_was_drawn_is_not_taken_for_painting(stack):
    before = drawn_of(stack)
    labels = np.zeros(SHAPE, np.uint16)
    draw(before, labels)
    assert painted_masks(before, labels) == {}


def test_several_frames_and_objects_are_one_edit():
    document = Document(frame_count=3, shape_hw=SHAPE)
    labels = np.zeros(SHAPE, np.uint16)
    labels[0, 0], labels[1, 1] = 1, 2
    edit = paint(document, [(0, (), labels), (2, (), labels)]).edit
    assert set(edit.masks) == {(1, 0), (2, 0), (1, 2), (2, 2)}
    assert set(edit.objects) == {1, 2}
    assert edit.label == "Paint 4 masks"
    assert paint(document, [(0, (), np.zeros(SHAPE, np.uint16))]).edit is None
