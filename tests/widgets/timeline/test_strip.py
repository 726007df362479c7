"""What the timeline shows, without a window."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the package of the window needs Qt")

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import (
    Document,
    FrameMask,
    Origin,
    Reviewer,
    ReviewThresholds,
    edits,
)
from napari_sam2.state.edit import Edit
from napari_sam2.widgets.timeline.strip import (
    Mark,
    Strip,
    cell_colours,
    confidence,
    empty_row,
    pooled,
    update_row,
)

FRAMES = 1000


def mask(origin: Origin, iou: float, *, is_absent: bool = False) -> FrameMask:
    pixels = np.zeros((4, 4), bool)
    pixels[:2] = not is_absent
    return FrameMask(pack_mask(pixels), origin, predicted_iou=iou, object_logit=3.0)


@pytest.fixture
def document() -> Document:
    document = Document(frame_count=FRAMES, shape_hw=(4, 4))
    document.apply(edits.add_object(document, 1))
    masks = {(1, f): mask(Origin.TRACKED, 0.9) for f in range(FRAMES)}
    masks[1, 500] = mask(Origin.TRACKED, 0.1)
    masks[1, 600] = mask(Origin.PAINTED, 1.0)
    masks[1, 700] = mask(Origin.TRACKED, 0.9, is_absent=True)
    said = FramePrompts(points_yx=((1, 1),), positive=(True,))
    document.apply(Edit("", prompts={(1, 3): said}, masks=masks))
    return document


@pytest.fixture
def reviewer(document: Document) -> Reviewer:
    reviewer = Reviewer(document, ReviewThresholds())
    reviewer.refresh()
    return reviewer


def test_marks_say_what_is_known(document: Document, reviewer: Reviewer) -> None:
    row = empty_row(FRAMES)
    update_row(row, document, reviewer, 1, range(FRAMES))
    assert row.marks[3] & Mark.PROMPTED
    assert row.marks[600] & Mark.PAINTED
    assert not row.marks[600] & Mark.DOUBTFUL  # the user's own pixels
    assert row.marks[500] & Mark.DOUBTFUL
    assert row.marks[700] & Mark.ABSENT
    assert row.marks[700] & Mark.DOUBTFUL  # it disappears here
    assert row.marks[702] & Mark.FOLLOWS


def test_of_many_frames_in_a_pixel_the_worst_is_seen(
    document: Document, reviewer: Reviewer
) -> None:
    row = empty_row(FRAMES)
    update_row(row, document, reviewer, 1, range(FRAMES))
    narrow = pooled(row, 10)
    assert len(narrow.marks) == 10
    assert narrow.confidence[5] == pytest.approx(0.1)
    assert narrow.confidence[4] == pytest.approx(0.9)
    assert narrow.marks[0] & Mark.PROMPTED
    assert not narrow.marks[7] & Mark.ABSENT, "it is in 99 of these 100 frames"
    assert pooled(row, 5000) is row


def test_what_is_not_known_is_transparent_and_doubt_has_another_colour(
    document: Document, reviewer: Reviewer
) -> None:
    row = empty_row(FRAMES)
    assert not cell_colours(row)[:, 3].any()
    update_row(row, document, reviewer, 1, (0, 500))
    colours = cell_colours(row)
    assert colours[0, 3] == 255
    assert tuple(colours[0]) != tuple(colours[500])


def test_a_sure_absence_is_sure() -> None:
    gone = mask(Origin.TRACKED, 0.9, is_absent=True)  # but the logit says present
    assert confidence(gone) < 0.1


def test_rows_are_read_in_portions_and_only_those_that_are_seen(
    document: Document, reviewer: Reviewer
) -> None:
    document.apply(edits.add_object(document, 2))
    strip = Strip(document, reviewer)
    assert strip.object_ids == (1, 2)
    assert strip.update([1], 600, range(FRAMES))
    row = strip.row(1, range(FRAMES))
    assert row.marks[599] and not row.marks[600]
    assert not strip.update([1], 600, range(FRAMES))
    assert row.marks[999] & Mark.KNOWN
    strip.distrust([5])
    document.apply(Edit("", masks={(1, 5): None}))
    assert not strip.update([1], 10, range(6, FRAMES))
    assert row.marks[5] & Mark.KNOWN  # nobody has looked at it
    assert not strip.update([1], 10, range(6))
    assert not row.marks[5] & Mark.KNOWN
    assert strip.row(1, range(4, 6)).marks.tolist() == row.marks[4:6].tolist()


def test_the_worst_of_several_frames_is_found(
    document: Document, reviewer: Reviewer
) -> None:
    strip = Strip(document, reviewer)
    strip.update([1], FRAMES, range(FRAMES))
    assert strip.worst_frame(1, range(490, 510)) == 500
    assert strip.worst_frame(1, range(10, 11)) == 10
