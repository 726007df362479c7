"""Gestures in any order: layers and document never part, and undo is exact."""

from __future__ import annotations

import contextlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.control import InlineLane
from napari_sam2.control.dispatch import Dispatcher
from napari_sam2.control.importing import Importing, LabelOrder
from napari_sam2.control.status import StatusBoard
from napari_sam2.core.errors import PromptError
from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.layers.prompt_boxes import BoxReader
from napari_sam2.layers.prompt_rows import point_prompts, with_prompts
from napari_sam2.state import edits
from tests.drawn import drawn
from tests.layers.conftest import make_bench

FORMS = ["masks", "boxes", "points"]
LABELS = np.zeros((30, 40), np.uint16)
LABELS[3:9, 4:12] = 1
LABELS[15:25, 20:31] = 4

frames = st.integers(0, 5)
inside = st.tuples(frames, st.integers(0, 29), st.integers(0, 39))
gestures = st.one_of(
    st.tuples(st.just("point"), inside),
    st.tuples(st.just("outside"), frames),
    st.tuples(st.just("box"), inside),
    st.tuples(st.just("remove"), st.integers(0, 9)),
    st.tuples(st.just("move"), inside),
    st.tuples(st.just("polarity"), st.booleans()),
    st.tuples(st.just("object"), st.integers(1, 3)),
    st.tuples(st.just("paint"), inside),
    st.tuples(st.just("erase"), inside),
    st.tuples(st.just("merge"), st.just(None)),
    st.tuples(st.just("lock"), frames),
    st.tuples(st.just("run"), frames),
    st.tuples(st.just("labels"), st.tuples(st.sampled_from(FORMS), frames)),
    st.tuples(st.just("discard"), st.sampled_from(["points", "boxes", "masks"])),
    st.tuples(st.just("undo"), st.just(None)),
    st.tuples(st.just("redo"), st.just(None)),
)


def make(bench, kind, value):
    """Do one thing as a user would; return the most edits that it may make."""
    layer = bench.points
    if kind in ("point", "outside", "box", "remove", "move", "paint", "erase"):
        bench.prompts.show()
        bench.masks.show()
    if kind == "point":
        layer.add(value)
    elif kind == "outside":
        layer.add((value, -9, 5))
        return 0
    elif kind == "box":
        frame, y, x = value
        corners = [(frame, y, x), (frame, y, x + 5), (frame, y + 5, x + 5)]
        bench.boxes.add(np.array([*corners, (frame, y + 5, x)], float))
    elif kind == "remove" and value < len(layer.data):
        layer.remove([value])
    elif kind == "move" and len(layer.data):
        layer.data = np.concatenate([[value], layer.data[1:]])
    elif kind == "polarity":
        bench.prompts.is_positive = value
    elif kind == "object" and value not in bench.document.objects:
        bench.history.do(edits.add_object(bench.document, value))
    elif kind == "object":
        bench.document.select(value)
    elif kind in ("paint", "erase"):
        bench.go_to(value[0])
        label = (bench.document.selected or 1) if kind == "paint" else 0
        bench.masks.layer.paint(value, label)
    elif kind == "merge":
        merge(bench)
    elif kind == "lock":
        places = [(object_id, value) for object_id in bench.document.objects]
        bench.history.do(edits.set_flags(bench.document, places, is_locked=True))
    elif kind == "run":
        found = [result(object_id, value) for object_id in bench.document.objects]
        bench.history.do(edits.set_results(bench.document, found))
    elif kind == "labels":
        take_labels(bench, *value)
    elif kind == "discard":
        discard(bench, value)
    elif kind in ("undo", "redo"):
        getattr(bench.history, kind)()
    return 1


def take_labels(bench, form, frame):
    dispatcher = Dispatcher(InlineLane(), StatusBoard())
    order = LabelOrder(lambda _: LABELS, (frame,), form=form)
    Importing(bench.history, dispatcher).start(order)


def merge(bench):
    """Make one of all objects, unless that is refused: a mask may be locked."""
    with contextlib.suppress(PromptError):
        bench.history.do(edits.merge_objects(bench.document, bench.document.objects))


def discard(bench, name):
    """Delete one of our layers, as the user does in napari's list."""
    layer = bench.masks.layer if name == "masks" else getattr(bench, name)
    if layer in bench.viewer.layers:
        bench.viewer.layers.remove(layer)


def result(object_id, frame):
    mask = np.zeros((30, 40), bool)
    mask[5 * object_id : 5 * object_id + 8, frame : frame + 9] = True
    return PackedResult(object_id, frame, pack_mask(mask), 0.9, 5.0, False)


def state(document):
    masks = dict(document.masks.items())
    return dict(document.objects), dict(document.prompts), masks


def check(bench):
    """Both kinds of layers show what the document holds."""
    space = bench.image.space
    boxes = [row.prompt for row in BoxReader(bench.boxes, space).read()]
    seen = with_prompts({}, [*point_prompts(bench.points, space), *boxes])
    assert seen == bench.document.prompts
    bench.masks.apply()
    for frame in range(6):
        labels = drawn(bench.document, frame)
        np.testing.assert_array_equal(bench.masks.layer.data[frame], labels)


@settings(max_examples=25, deadline=None)
@given(st.lists(gestures, max_size=12))
def test_layers_and_document_never_part(sequence):
    bench = make_bench()
    for kind, value in sequence:
        bench.said.clear()
        most = make(bench, kind, value)
        assert len(bench.said) <= most
        check(bench)
    while bench.history.redo():
        check(bench)
    end = state(bench.document)
    while bench.history.undo():
        check(bench)
    assert state(bench.document) == ({}, {}, {})
    assert len(bench.points.data) == len(bench.boxes.data) == 0
    while bench.history.redo():
        check(bench)
    assert state(bench.document) == end
