"""A tracker is believed as long as the user sees what it remembers."""

from __future__ import annotations

from weakref import ref

import numpy as np

from napari_sam2.control.telling.remembered import Remembered
from napari_sam2.control.telling.snapshot import take_snapshot
from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Edit, edits

CLICK = FramePrompts(points_yx=((2.0, 2.0),), positive=(True,))


def found(frame: int, side: int = 4) -> PackedResult:
    mask = np.zeros((20, 30), bool)
    mask[2 : 2 + side, 3 : 3 + side] = True
    return PackedResult(1, frame, pack_mask(mask), 0.9, 5.0, False)


def followed() -> tuple[Document, Remembered]:
    """Return a document after a run, and what the tracker remembers of it."""
    document, remembered = Document(frame_count=4, shape_hw=(20, 30)), Remembered()
    document.apply(edits.add_object(document, 1))
    run = [found(frame) for frame in range(4)]
    for one in run:
        remembered.note(one)
    document.apply(edits.set_results(document, run))
    assert not strays(document, remembered)
    return document, remembered


def strays(document: Document, remembered: Remembered) -> bool:
    """Ask twice, as rows that agreed are not looked at again."""
    first, second = (
        remembered.strays(1, take_snapshot(document, [1])) for _ in range(2)
    )
    assert first == second
    return first


def test_a_run_that_was_undone_is_not_believed() -> None:
    document, remembered = followed()
    document.apply(Edit("Undo", masks={(1, 2): None}))
    assert strays(document, remembered)


def test_a_later_run_that_nobody_took_over_is_not_believed() -> None:
    document, remembered = followed()
    remembered.note(found(2, side=5))
    assert strays(document, remembered)
    document.apply(edits.set_results(document, [found(2, side=5)]))
    assert not strays(document, remembered)


def test_rows_that_the_document_gave_up_are_not_kept() -> None:
    document, remembered = followed()
    rows = [ref(document.masks.row(frame)) for frame in range(4)]
    document.apply(edits.set_results(document, [found(2)]))
    assert [row() is None for row in rows] == [False, False, True, False]
    assert not strays(document, remembered)


def test_what_the_user_says_may_differ() -> None:
    document, remembered = followed()
    document.apply(edits.set_prompts(document, 1, 1, CLICK))
    document.apply(edits.paint_mask(document, 1, 3, np.eye(20, 30, dtype=bool)))
    assert not strays(document, remembered)


def test_what_is_forgotten_strays_no_more() -> None:
    document, remembered = followed()
    document.apply(edits.set_results(document, [found(1, side=7)]))
    assert strays(document, remembered)
    remembered.forget(1)
    assert not strays(document, remembered)
