"""A history takes bounded memory, and bounded time, however much was done."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.state import Document, FrameMask, History, Spill, edits
from napari_sam2.state.kept_masks import KeptMasks
from napari_sam2.state.mask_row import MaskRow
from tests.state.conftest import SHAPE_HW, found, square
from tests.state.test_history import state


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE_HW) < 0.5


def paint_noise(history: History, count: int) -> None:
    for seed in range(count):
        history.do(edits.paint_mask(history.document, 1, 0, noise(seed)))


def test_memory_is_bounded_and_no_step_is_lost_for_it(document) -> None:
    history = History(document, max_bytes=6000)
    before = state(document)
    for seed in range(60):
        history.do(edits.paint_mask(document, 1, 0, noise(seed)))
        assert history.nbytes <= 6000
    assert len(history) == 60
    while history.undo():
        assert history.nbytes <= 12_000
    assert state(document) == before
    while history.redo():
        pass
    np.testing.assert_array_equal(document.masks[1, 0].mask.mask, noise(59))


def test_where_the_disk_has_no_room_the_oldest_steps_go(document) -> None:
    history = History(document, max_bytes=1, max_disk_bytes=2000)
    paint_noise(history, 60)
    assert 2 <= len(history) < 60
    tiny = History(document, max_bytes=1, max_disk_bytes=1)
    paint_noise(tiny, 2)
    assert len(tiny) == 1, "the newest step is always there"


def test_when_the_disk_is_full_memory_is_bounded_all_the_same(tmp_path) -> None:
    spill = Spill(memory_bytes=0, segment_bytes=300, folder=tmp_path / "missing")
    document = Document(frame_count=6, shape_hw=SHAPE_HW, spill=spill)
    document.apply(edits.add_object(document, 1))
    history = History(document, max_bytes=6000)
    paint_noise(history, 60)
    assert spill.is_full
    assert history.nbytes < 8000
    assert 2 <= len(history) < 60
    history.undo()
    np.testing.assert_array_equal(document.masks[1, 0].mask.mask, noise(58))


def test_a_run_whose_frames_went_to_disk_is_still_one_step(document) -> None:
    history = History(document, max_bytes=0)
    for run, at in (("first", 1), ("again", 9)):
        for frame in (*range(6), 2):
            edit = edits.set_results(document, [found(1, frame, square(at, at))])
            history.do(edit, gesture=run)
    assert len(history) == 2
    history.undo()
    assert all(m.mask.origin_yx == (1, 1) for m in document.masks.values())
    history.undo()
    assert not document.masks


def test_a_gesture_long_ago_on_disk_is_not_mistaken_for_one_elsewhere(document) -> None:
    history = History(document, max_bytes=0)
    first = edits.set_results(document, [found(1, 0, square(1, 1))])
    history.do(first, gesture="run")
    for number in range(20):
        history.do(edits.rename_object(document, 2, f"cell {number}"))
    for _ in range(19):
        history.undo()
    again = edits.set_results(document, [found(1, 1, square(5, 5))])
    history.do(again, gesture="run")
    history.undo()
    assert set(document.masks) == {(1, 0)}


@pytest.mark.parametrize("max_bytes", [0, 1 << 28])
@pytest.mark.parametrize("many", [0, 7, 1 << 20])
def test_a_run_is_undone_without_a_look_at_its_masks(
    document: Document, monkeypatch, max_bytes, many
) -> None:
    monkeypatch.setattr("napari_sam2.state.mask_table._MANY", many)
    monkeypatch.setattr("napari_sam2.state.mask_row._FEW", 1)
    history = History(document, max_bytes=max_bytes)
    for run, at in (("first", 1), ("again", 9)):
        for frame in range(6):
            results = [found(i, frame, square(at, at + i)) for i in (1, 2)]
            edit = edits.set_results(document, results)
            history.do(edit, gesture=run)
    end, told = state(document), []
    document.masks_changed.connect(told.append)
    monkeypatch.setattr(
        history, "_make_room", lambda *_: None
    )  # has a limit of its own
    with monkeypatch.context() as blind:
        for kind, name in ((FrameMask, "__eq__"), (PackedMask, "__eq__"),
                           (FrameMask, "nbytes"), (KeptMasks, "read"),
                           (KeptMasks, "items")):  # fmt: skip
            blind.setattr(kind, name, must_not_be_looked_at)
        assert history.undo()
        assert history.redo()
        assert history.undo()
    assert told == [frozenset(range(6))] * 3
    assert all(m.mask.origin_yx == (1, 1 + i) for (i, _), m in document.masks.items())
    history.redo()
    assert state(document) == end


def test_all_masks_are_deleted_after_a_look_at_one(
    document: Document, monkeypatch
) -> None:
    monkeypatch.setattr("napari_sam2.state.mask_table._MANY", 0)
    monkeypatch.setattr("napari_sam2.state.mask_row._FEW", 1)
    history, looks = History(document), []
    for frame in range(6):
        results = [found(i, frame, square(1, i)) for i in (1, 2)]
        history.do(edits.set_results(document, results), gesture="run")
    before = state(document)
    with monkeypatch.context() as watched:
        read = KeptMasks.read
        watched.setattr(KeptMasks, "items", must_not_be_looked_at)
        watched.setattr(
            KeptMasks, "read", lambda kept, n: looks.append(n) or read(kept, n)
        )
        history.do(edits.clear_masks(document))
    assert len(looks) <= 1  # whether anything changes at all
    assert not document.masks
    history.undo()
    assert state(document) == before


def must_not_be_looked_at(*_: object) -> None:
    raise AssertionError("somebody looked at a mask")


def test_undo_moves_only_so_many_masks_at_once(document: Document, monkeypatch) -> None:
    monkeypatch.setattr("napari_sam2.state.history._MOVED_AT_LEAST", 2)
    history = History(document, max_bytes=0)
    for run, at in (("first", 1), ("again", 9)):
        for frame in range(6):
            edit = edits.set_results(document, [found(1, frame, square(at, at))])
            history.do(edit, gesture=run)
    assert history.nbytes == 0
    history.undo()
    whole = 6 * MaskRow({1: document.masks[1, 0]}).nbytes
    assert history.nbytes == whole * 4 / 6


def test_long_runs_count_as_they_grow(document: Document) -> None:
    history = History(document)
    for frame in range(6):
        edit = edits.set_results(document, [found(1, frame, square(1, 1))])
        history.do(edit, gesture="run")
    history.undo()
    assert history.nbytes > 6 * 200, "the masks live on in the step to redo"
