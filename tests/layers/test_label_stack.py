"""A label stack answers every index as an array would, and holds only what is seen."""

from __future__ import annotations

import copy
import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.core.masks.packing import pack_labels
from napari_sam2.layers.coordinates import FrameSpace
from napari_sam2.layers.label_stack import LabelStack

SPACES = [
    FrameSpace(FrameLayout(0, (1, 2), None), (4, 5, 6), ("t", "y", "x")),
    FrameSpace(FrameLayout(1, (0, 2), None), (5, 4, 6), ("z", "y", "x")),
    FrameSpace(FrameLayout(2, (0, 1), None), (5, 6, 4), ("z", "y", "x")),
    FrameSpace(FrameLayout(None, (0, 1), None), (5, 6), ("y", "x")),
    FrameSpace(FrameLayout(0, (2, 3), 1), (4, 3, 5, 6), ("t", "c", "y", "x")),
    FrameSpace(
        FrameLayout(1, (2, 3), None, ((0, 1),)), (3, 4, 5, 6), ("z", "t", "y", "x")
    ),
    FrameSpace(
        FrameLayout(1, (2, 3), None, (), (0,)), (3, 4, 5, 6), ("t", "z", "y", "x")
    ),
    FrameSpace(
        FrameLayout(0, (2, 3), None, (), (1,)), (3, 4, 5, 6), ("t", "z", "y", "x")
    ),
    FrameSpace(
        FrameLayout(1, (3, 4), 2, (), (0,)), (2, 2, 3, 5, 6), ("t", "z", "c", "y", "x")
    ),
    FrameSpace(
        FrameLayout(3, (1, 4), None, ((5, 1),), (2, 0)),
        (2, 5, 3, 2, 6, 2),
        ("p", "y", "t", "z", "x", "q"),
    ),
]
ONE_FRAME = 5 * 6 * 2


def truth(space: FrameSpace, seed: int = 0) -> np.ndarray:
    """Return the labels of all frames, (n, H, W)."""
    shape = space.frame_count, *space.shape_hw
    return np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint16)


def make(space: FrameSpace, labels: np.ndarray, *, frames: int = 2) -> LabelStack:
    def masks_on(frame: int):
        return tuple(pack_labels(labels[frame]).items())

    memory = frames * labels[0].size * 2
    return LabelStack(space, np.uint16, masks_on, memory_bytes=memory)


def index_of(space: FrameSpace, frame: int) -> tuple[int | slice, ...]:
    """Return what takes a frame, (H, W), from such an array."""
    place = space.frame_place(frame) | dict.fromkeys(space.layout.plane, slice(None))
    return tuple(place.get(axis, 0) for axis in range(space.ndim))


def as_array(space: FrameSpace, labels: np.ndarray) -> np.ndarray:
    """Return the same labels as an array in the axis order of the space."""
    array = np.zeros(space.label_shape(), np.uint16)
    for frame, plane in enumerate(labels):
        array[index_of(space, frame)] = plane
    channel = space.layout.channel
    return array if channel is None else np.repeat(array, 3, axis=channel)


def parts(length: int) -> st.SearchStrategy:
    numbers = st.integers(-length, length - 1)
    return st.one_of(
        numbers, numbers.map(np.int64), st.slices(length), st.just(slice(None))
    )


@st.composite
def basic_indices(draw, shape: tuple[int, ...]):
    index = [draw(parts(length)) for length in shape]
    count = draw(st.integers(0, len(shape)))
    if draw(st.booleans()):
        return (*index[:count], ...)
    return tuple(index[:count])


@st.composite
def fancy_indices(draw, shape: tuple[int, ...]):
    count = draw(st.integers(1, 6))
    some = [
        np.array(draw(st.lists(st.integers(0, n - 1), min_size=count, max_size=count)))
        for n in shape
    ]
    if draw(st.booleans()):
        axis = draw(st.integers(0, len(shape) - 1))
        some[axis] = draw(parts(shape[axis]))
    return tuple(some)


def indices(shape: tuple[int, ...]) -> st.SearchStrategy:
    return st.one_of(basic_indices(shape), fancy_indices(shape))


@given(st.sampled_from(SPACES), st.data())
def test_it_is_read_as_an_array_is(space: FrameSpace, data) -> None:
    labels = truth(space)
    stack, array = make(space, labels), as_array(space, labels)
    for _ in range(3):
        index = data.draw(indices(array.shape))
        found, wanted = stack[index], array[index]
        assert np.shape(found) == np.shape(wanted)
        np.testing.assert_array_equal(found, wanted)


@given(st.sampled_from(SPACES), st.data())
def test_it_is_written_to_as_an_array_is(space: FrameSpace, data) -> None:
    labels = truth(space)
    stack, array = make(space, labels), as_array(space, labels)
    channel = space.layout.channel
    for value in (7, 8):
        index = data.draw(indices(array.shape))
        if channel is not None:  # one that writes in all channels alike
            index = data.draw(basic_indices(array.shape).map(lambda i: i[:1]))
        if data.draw(st.booleans()):
            value = np.full(np.shape(array[index]), value)
        stack[index], array[index] = value, value
        np.testing.assert_array_equal(stack, array)


@pytest.mark.parametrize("space", SPACES[:3])
def test_odd_indices_are_those_of_arrays_too(space: FrameSpace) -> None:
    labels = truth(space)
    stack, array = make(space, labels), as_array(space, labels)
    chosen = np.arange(array.shape[0]) % 2 == 0
    for index in (array > 2, None, (..., None), chosen, [0, 2], (), ...):
        np.testing.assert_array_equal(stack[index], array[index])
    with pytest.raises(IndexError):
        stack[99, 99, 99]


def test_it_looks_and_computes_like_an_array() -> None:
    labels = truth(SPACES[0])
    stack = make(SPACES[0], labels)
    assert (stack.shape, stack.ndim, stack.size, len(stack)) == ((4, 5, 6), 3, 120, 4)
    assert stack.nbytes == 240
    assert stack.dtype == np.uint16
    assert "LabelStack" in repr(stack)
    np.testing.assert_array_equal(stack == 2, labels == 2)
    np.testing.assert_array_equal(1 + stack, 1 + labels)
    np.testing.assert_array_equal(np.unique(stack), np.unique(labels))
    assert stack.max() == labels.max()
    assert stack.astype(np.int64).dtype == np.int64
    assert not hasattr(stack, "chunks")
    with pytest.raises(ValueError, match="copy"):
        np.asarray(stack, copy=False)


def test_a_copy_is_an_array_of_its_own() -> None:
    stack = make(SPACES[0], truth(SPACES[0]))
    twin = copy.deepcopy(stack)
    assert type(twin) is np.ndarray
    twin[:] = 9
    assert not (stack == 9).any()


def test_only_what_was_looked_at_last_is_kept_but_all_that_was_painted() -> None:
    space = FrameSpace(FrameLayout(0, (1, 2), None), (50, 5, 6), ("t", "y", "x"))
    labels = truth(space)
    stack = make(space, labels, frames=4)
    for frame in range(50):
        if frame % 10 == 0:
            stack[frame, 0, 0] = 9
        np.testing.assert_array_equal(stack[frame, 1:], labels[frame, 1:])
    kept = [frame for frame in range(50) if stack.known(frame)]
    assert kept == [0, 10, 20, 30, 40, 49]
    assert stack.written() == {0, 10, 20, 30, 40}
    stack.forget([10, 20])
    assert stack.written() == {0, 30, 40}
    assert stack[10, 0, 0] == labels[10, 0, 0]
    assert stack[30, 0, 0] == 9


def test_a_stack_larger_than_any_memory_takes_only_what_is_seen() -> None:
    shape = (2_000_000, 2048, 2048)
    huge = FrameSpace(FrameLayout(0, (1, 2), None), shape, ("t", "y", "x"))
    stack = LabelStack(huge, np.uint16, lambda frame: ())
    stack[1_999_999, 5, 5] = 3
    assert stack[-1].max() == 3
    assert stack.nbytes > 1 << 43


def test_a_cut_is_drawn_anew_only_where_something_changed() -> None:
    space, asked = SPACES[0], []
    labels = truth(space)

    def masks_on(frame: int):
        asked.append(frame)
        return tuple(pack_labels(labels[frame]).items())

    stack = LabelStack(space, np.uint16, masks_on)
    shown = stack[:, 2]
    assert asked == [0, 1, 2, 3]
    labels[1] = 5
    stack.forget([1])
    again = stack[:, 2]
    assert again is shown, "what is shown is shown on"
    assert asked == [0, 1, 2, 3, 1]
    np.testing.assert_array_equal(again, labels[:, 2])
    stack[3, 2, 2] = 6
    assert stack[:, 2][3, 2] == 6
    del shown, again
    gc.collect()
    asked.clear()
    _ = stack[:, 2]
    assert asked == [0, 1, 2], "nobody has it any more; the last frame was painted"


def test_any_number_of_threads_may_look() -> None:
    space = FrameSpace(FrameLayout(0, (1, 2), None), (40, 5, 6), ("t", "y", "x"))
    labels = truth(space)
    stack = make(space, labels, frames=3)
    with ThreadPoolExecutor(8) as pool:
        for n, found in enumerate(pool.map(lambda n: stack[n % 40].copy(), range(400))):
            np.testing.assert_array_equal(found, labels[n % 40])
