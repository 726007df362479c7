"""Which positions a run through all of them had finished, seen from its masks alone.

So a run that was stopped goes on in another session: a project keeps masks and what the
tracker was told, and nothing of the run itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.orders import RunOrder, RunStep
from napari_sam2.control.positions.kept import KeptPositions
from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.recipe import Followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_sam2.core.frames.numbers import FrameNumbers
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.seed_mode import SeedMode
    from napari_sam2.state.document import Document
    from napari_sam2.state.mask_table import MaskTable
    from napari_sam2.state.masks import FrameMask


def order_left(
    document: Document, steps: Sequence[RecipeStep], seed: SeedMode
) -> RunOrder | None:
    """Return what is left of a run through all positions; None if it was not begun.

    It was, where an object has masks at a position where nobody prompted it. Objects
    that had gone before the last position count as unfinished: looking for them again
    takes two frames.

    Parameters
    ----------
    document : Document
    steps : sequence of RecipeStep
        What the tracker was told up to now; the last run says which frames.
    seed : str
        How objects come to positions where they are not prompted.
    """
    last = next((one for one in reversed(steps) if isinstance(one, Followed)), None)
    length = document.series_length
    if last is None or last.frames is None or length == document.frame_count:
        return None
    first = last.frames[0] % length
    span = range(first, first + last.frames[1] - last.frames[0])
    brought, everywhere = _brought(document, span)
    if not brought - everywhere or span.stop > length:
        return None
    objects = tuple(sorted({*last.object_ids, *brought} & set(document.objects)))
    return RunOrder(objects, last.direction, span, RunStep(0, 0), seed)


def _brought(document: Document, span: range) -> tuple[set[int], set[int]]:
    """Return who was brought to a position, and who is at all of them."""
    brought: set[int] = set()
    everywhere = set(document.objects)
    prompted = {i: document.first_prompts(i).keys() for i in document.objects}
    for start in range(0, document.frame_count, document.series_length):
        series = range(start, start + document.series_length)
        here = covered(document.masks, series, span)
        brought |= {i for i in here if start not in prompted[i]}
        everywhere &= here
    return brought, everywhere


def covered(masks: MaskTable, series: range, span: range) -> frozenset[int]:
    """Return the objects with masks on all frames of a span at a position.

    Parameters
    ----------
    masks : MaskTable
    series : range
        The frames of the position.
    span : range
        Which of them, counted from the first.
    """
    rows = [masks.on_frame(series[frame]).keys() for frame in span]
    return frozenset.intersection(*map(frozenset, rows)) if rows else frozenset()


def found_before(
    masks: MaskTable, numbers: FrameNumbers, span: range, object_ids: Iterable[int]
) -> KeptPositions:
    """Return the positions that are finished as a store that a run goes on with.

    Parameters
    ----------
    masks : MaskTable
    numbers : FrameNumbers
        How the frames of all positions are counted.
    span : range
        The frames that are computed at each position.
    object_ids : iterable of int
    """
    store, wanted = KeptPositions(), frozenset(object_ids)
    for start in range(0, numbers.count, numbers.length):
        series = numbers.series_of(start)
        here = covered(masks, series, span) & wanted
        if here:
            found = {frame: masks.on_frame(series[frame]) for frame in span}
            store.put(
                numbers.split(start)[0],
                {
                    frame: {i: _as_found(i, frame, on_frame[i]) for i in here}
                    for frame, on_frame in found.items()
                },
            )
    return store


def _as_found(object_id: int, frame: int, mask: FrameMask) -> PackedResult:
    return PackedResult(
        object_id,
        frame,
        mask.mask,
        mask.predicted_iou,
        mask.object_logit,
        is_prompted=False,
    )
