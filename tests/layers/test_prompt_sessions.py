"""Gestures in any order: layers and document never part, and undo is exact."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.layers.prompt_rows import read_prompts
from napari_sam2.state import edits
from tests.layers.conftest import make_bench

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
    st.tuples(st.just("undo"), st.just(None)),
    st.tuples(st.just("redo"), st.just(None)),
)


def make(bench, kind, value):
    """Do one thing as a user would; return the most edits that it may make."""
    layer = bench.points
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
    elif kind in ("undo", "redo"):
        getattr(bench.history, kind)()
    return 1


@settings(max_examples=15, deadline=None)
@given(st.lists(gestures, max_size=12))
def test_layers_and_document_never_part(sequence):
    bench = make_bench()
    for kind, value in sequence:
        bench.said.clear()
        most = make(bench, kind, value)
        assert len(bench.said) <= most
        seen = read_prompts(bench.points, bench.boxes, bench.image.space)
        assert seen == bench.document.prompts
    while bench.history.undo():
        pass
    assert not bench.document.prompts
    assert not bench.document.objects
    assert len(bench.points.data) == len(bench.boxes.data) == 0
