"""What was said is told in files in full, and very many paintings in one line."""

from __future__ import annotations

import numpy as np

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.said import Said, describe_said


def painting(y: int, x: int) -> PackedMask:
    mask = np.zeros((99, 99), bool)
    mask[y, x] = True
    return pack_mask(mask)


def test_prompts_are_described_in_full() -> None:
    said = FramePrompts(((1.5, 2.0), (3.0, 4.0)), (True, False), (0.0, 0.0, 9.0, 9.0))
    (described,) = describe_said([Said(3, 7, said, {"t": 2})])
    assert described == {
        "object": 3,
        "frame": 7,
        "points": [[1.5, 2.0], [3.0, 4.0]],
        "labels": [1, 0],
        "box": [0.0, 0.0, 9.0, 9.0],
        "at": {"t": 2},
    }


def test_paintings_are_told_apart_however_they_are_held() -> None:
    one, other = painting(2, 3), painting(3, 2)
    packed, whole, third = describe_said(
        [Said(1, 0, one), Said(1, 0, FramePrompts(mask=one.mask)), Said(1, 0, other)]
    )
    assert packed == whole
    assert packed["painted_pixels"] == third["painted_pixels"] == 1
    assert packed["painted_digest"] != third["painted_digest"]


def test_a_painting_is_described_without_its_whole_frame(monkeypatch) -> None:
    packed = painting(1, 1)
    monkeypatch.setattr(PackedMask, "mask", None)
    assert describe_said([Said(1, 0, packed)])[0]["painted_pixels"] == 1


def test_very_many_paintings_are_one_line_that_tells_them_apart() -> None:
    points = Said(7, 0, FramePrompts(((1, 2),), (True,)))
    paintings = [Said(1, i, painting(*divmod(i, 99))) for i in range(1001)]
    assert len(describe_said(paintings[:1000])) == 1000
    outlined, counted = describe_said([*paintings, points])
    assert outlined["object"] == 7
    assert counted["paintings"] == 1001
    assert describe_said([points, *paintings]) == (outlined, counted)
    others = [*paintings[:-1], Said(1, 1000, painting(0, 0))]
    assert describe_said(others)[-1] != counted
