"""The document answers questions and tells precisely what has changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.errors import PromptError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Edit, edits
from napari_sam2.state.kept_masks import KeptMasks
from tests.drawn import drawn
from tests.state.conftest import SHAPE_HW, click, found, square, track


class Listener:
    """Writes down what a document tells."""

    def __init__(self, document: Document) -> None:
        self.heard: list[tuple[str, object]] = []
        for name in ("objects", "prompts", "masks", "selection"):
            signal = getattr(document, f"{name}_changed")
            signal.connect(lambda what, name=name: self.heard.append((name, what)))

    def __call__(self, *expected: tuple[str, object]) -> None:
        assert self.heard == list(expected)
        self.heard.clear()


def test_each_edit_tells_what_it_changed_and_nothing_else(document: Document) -> None:
    told = Listener(document)
    document.apply(edits.add_object(document, 5))
    told(("objects", {5}), ("selection", 5))
    document.apply(edits.set_prompts(document, 5, 3, click(4, 4)))
    told(("prompts", {(5, 3)}))
    track(document, found(5, 3, square(1, 1)), found(5, 4, square(1, 1)))
    told(("masks", {3, 4}))
    document.apply(edits.set_flags(document, [(5, 4)], is_locked=True))
    told(("masks", {4}))
    document.apply(edits.rename_object(document, 5, "nucleus"))
    told(("objects", {5}))
    document.apply(edits.paint_mask(document, 1, 0, square(5, 5)))
    told(("prompts", {(1, 0)}), ("masks", {0}))
    document.apply(edits.remove_object(document, 5))
    told(
        ("objects", {5}),
        ("selection", 2),
        ("prompts", {(5, 3)}),
        ("masks", {3, 4}),
    )


def test_an_edit_that_changes_nothing_tells_nothing(document: Document) -> None:
    document.apply(edits.set_prompts(document, 1, 0, click(4, 4)))
    told = Listener(document)
    document.apply(edits.set_prompts(document, 1, 0, click(4, 4)))
    document.apply(edits.rename_object(document, 1, "cell"))
    document.apply(Edit("Nothing"))
    told()


def test_listeners_see_the_whole_edit(document: Document) -> None:
    seen = []
    document.objects_changed.connect(
        lambda ids: seen.append((dict(document.prompts), len(document.masks)))
    )
    document.apply(edits.set_prompts(document, 1, 0, click(4, 4)))
    track(document, found(1, 0, square(1, 1)))
    document.apply(edits.remove_object(document, 1))
    assert seen == [({}, 0)]


def test_the_selection_is_always_an_object_that_exists(document: Document) -> None:
    assert document.selected == 2
    document.select(1)
    document.apply(edits.remove_object(document, 1))
    assert document.selected == 2
    document.apply(edits.remove_object(document, 2))
    assert document.selected is None
    with pytest.raises(PromptError, match="There is no object 2"):
        document.select(2)


def test_the_surer_mask_is_seen_and_the_users_own_above_all(document: Document) -> None:
    track(
        document,
        found(1, 0, square(0, 0), iou=0.5),
        found(2, 0, square(2, 2), iou=0.9),
    )
    assert drawn(document, 0)[3, 3] == 2
    assert document.object_at(0, (3.4, 2.6)) == 2
    document.apply(edits.set_flags(document, [(1, 0)], is_locked=True))
    assert drawn(document, 0)[3, 3] == 1
    document.apply(edits.set_flags(document, [(1, 0)], is_locked=False))
    document.apply(edits.paint_mask(document, 1, 0, square(0, 0)))
    assert drawn(document, 0)[3, 3] == 1
    assert document.object_at(0, (3, 3)) == 1
    assert document.object_at(0, (10, 10)) is None
    assert document.object_at(5, (0, 0)) is None


def test_ids_that_need_more_bits_get_them(document: Document) -> None:
    assert document.label_dtype == np.uint16
    document.apply(edits.add_object(document, 70_000))
    track(document, found(70_000, 0, square(0, 0)))
    assert drawn(document, 0).max() == 70_000


def test_painted_masks_are_prompts(document: Document) -> None:
    document.apply(edits.set_prompts(document, 1, 4, click(3, 3)))
    document.apply(edits.paint_mask(document, 1, 2, square(1, 1)))
    track(document, found(1, 3, square(1, 1)))
    assert document.said_about(1) == {2: pack_mask(square(1, 1)), 4: click(3, 3)}
    document.apply(edits.set_prompts(document, 1, 4, FramePrompts()))
    assert list(document.said_about(1)) == [2]
    assert document.said(1, 3) is None
    assert document.first_prompt(1) == 2
    assert document.first_prompt(2) is None
    assert document.frames_covered(1) == 2


def test_it_knows_which_prompts_lack_an_answer(document: Document) -> None:
    assert not document.needs_answer(1, 0)
    document.apply(edits.set_prompts(document, 1, 0, click(3, 3)))
    assert document.needs_answer(1, 0)
    answer = found(1, 0, square(1, 1))
    document.apply(edits.set_answer(document, answer, click(3, 3)))
    assert not document.needs_answer(1, 0)
    document.apply(edits.set_prompts(document, 1, 0, click(3, 4)))
    assert document.needs_answer(1, 0)
    document.apply(edits.set_prompts(document, 1, 0, FramePrompts()))
    assert not document.needs_answer(1, 0)


@pytest.mark.parametrize("many", [0, 16, 1 << 20])
def test_many_masks_are_kept_as_bytes_and_are_the_same(monkeypatch, many) -> None:
    monkeypatch.setattr("napari_sam2.state.mask_table._MANY", many)
    document = Document(frame_count=6, shape_hw=SHAPE_HW)
    for number in range(10):
        document.apply(edits.add_object(document, number + 1))
    wanted = {}
    for frame in range(6):
        results = [found(i, frame, square(frame, i)) for i in range(1, 11)]
        document.apply(edits.set_results(document, results))
        wanted |= {(one.object_id, frame): one.mask for one in results}
    kept = [isinstance(document.masks.on_frame(frame), KeptMasks) for frame in range(6)]
    assert kept == [many <= 10 * frame for frame in range(6)]
    document.apply(edits.paint_mask(document, 3, 5, square(9, 9)))
    wanted[3, 5] = pack_mask(square(9, 9))
    assert {place: one.mask for place, one in document.masks.items()} == wanted
    for frame in range(6):
        labels = drawn(document, frame)
        assert all(labels[wanted[i, frame].mask].any() for i in range(1, 11))
        assert document.said(3, frame) == (wanted[3, 5] if frame == 5 else None)
    assert len(document.masks) == 60
    assert document.frames_covered(3) == 6


def test_thousands_of_masks_of_many_objects_stay_small() -> None:
    document = Document(frame_count=400, shape_hw=(20, 30))
    one = found(1, 0, square(4, 4))
    for object_id in range(1, 21):
        document.apply(edits.add_object(document, object_id))
        track(
            document, *(replace(one, object_id=object_id, frame=f) for f in range(400))
        )
    assert len(document.masks) == 8000
    size = sum(mask.nbytes for mask in document.masks.values())
    assert size < 8000 * 400
