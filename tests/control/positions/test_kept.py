"""Results of positions are kept when they are finished, and only then."""

from __future__ import annotations

import numpy as np

from napari_sam2.control.positions.kept import KeptPositions
from napari_sam2.core.results import FrameResult, mask_result


def found(object_id: int, frame: int, side: int = 3) -> FrameResult:
    mask = np.zeros((8, 9), bool)
    mask[1 : 1 + side, 2 : 2 + side] = True
    one = mask_result(
        mask,
        object_id=object_id,
        frame=frame,
        predicted_iou=0.5,
        object_logit=2.0,
        is_prompted=False,
    )
    return FrameResult(frame, (one,))


def test_what_is_finished_is_there_again() -> None:
    store = KeptPositions()
    with store.open((3,)) as kept:
        kept.add(found(1, 5))
        kept.add(found(1, 4))
        kept.finish(frozenset({1}), "Frame 6 is broken.")
    assert store.finished((3,)) == {1}
    assert store.problem((3,)) == "Frame 6 is broken."
    assert [result.frame for result in store.results((3,))] == [4, 5]
    with store.open((3,)) as kept:
        both = kept.add(found(2, 5, side=2))
        kept.finish(frozenset({2}))
    assert [one.object_id for one in both] == [1, 2]
    assert store.finished((3,)) == {1, 2}
    (_, last) = store.results((3,))
    assert [one.area for one in last] == [9, 4]
    np.testing.assert_array_equal(next(iter(last)).mask, next(iter(found(1, 5))).mask)


def test_what_is_not_finished_is_lost() -> None:
    store = KeptPositions()
    with store.open((0,)) as kept:
        kept.add(found(1, 0))
    assert store.finished((0,)) == frozenset()
    assert not list(store.results((0,)))
    assert store.problem((0,)) == ""
