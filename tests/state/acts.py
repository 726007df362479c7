"""Anything that a user or a run might do to whatever document there is."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, Edit, edits
from tests.state.conftest import click, found, square

Act = Callable[[Document], Edit]

FRAMES = st.integers(0, 5)
IDS = st.integers(1, 3)
SPOTS = st.tuples(st.integers(0, 14), st.integers(0, 24))
REFUSALS = "each is used once", "two or more", "is locked", "There is no object"


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Draw an act; what is refused changes nothing."""
    object_id, frame, (y, x) = draw(IDS), draw(FRAMES), draw(SPOTS)
    ways = ways_to_change((object_id, frame), click(y, x), square(y, x))
    way = ways[draw(st.sampled_from([*ways]))]

    def act(document: Document) -> Edit:
        try:
            return way(document)
        except PromptError as refused:
            assert any(words in str(refused) for words in REFUSALS), refused
            is_missing = object_id not in document.objects
            return ways["add"](document) if is_missing else Edit("")

    return act


def ways_to_change(place, clicked, mask) -> dict[str, Act]:
    object_id, frame = place
    rest, painted = range(frame, 6), {place: mask}
    return {
        "add": lambda d: edits.add_object(d, object_id),
        "remove": lambda d: edits.remove_object(d, object_id),
        "rename": lambda d: edits.rename_object(d, object_id, f"name {frame}"),
        "click": lambda d: edits.set_prompts(d, *place, clicked),
        "withdraw": lambda d: edits.set_prompts(d, *place, FramePrompts()),
        "paint": lambda d: edits.paint_mask(d, *place, mask),
        "absent": lambda d: edits.mark_absent(d, object_id, [frame]),
        "import": lambda d: edits.paint_masks(d, painted, names={object_id: ""}),
        "run": lambda d: edits.set_results(
            d, [found(object_id, f, mask) for f in rest]
        ),
        "lock": lambda d: edits.set_flags(d, [place], is_locked=True),
        "unlock": lambda d: edits.set_flags(d, [place], is_locked=False),
        "accept": lambda d: edits.set_flags(d, [place], is_reviewed=True),
        "clear": edits.clear_masks,
        "merge": lambda d: edits.merge_objects(d, {object_id, 2}),
    }
