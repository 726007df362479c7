"""Objects start where they are properly visible, and count where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import StackError
from napari_sam2.evaluation.assignment import Assignment, Limits, assign
from napari_sam2.evaluation.truth import Rules, Truth, take_census
from tests.evaluation.stacks import truth_of


def choose(truth: Truth, **limits: int | None) -> Assignment:
    return assign(truth, take_census(truth), Limits(**limits))


def columns(widths: dict[int, list[int]]) -> np.ndarray:
    """Draw objects that are so many columns of ten pixels wide on every frame."""
    count = len(next(iter(widths.values())))
    labels = np.zeros((count, 10 * len(widths), 20), np.uint16)
    for row, (object_id, sizes) in enumerate(widths.items()):
        for frame, size in enumerate(sizes):
            labels[frame, 10 * row : 10 * (row + 1), :size] = object_id
    return labels


def test_objects_start_when_they_have_half_of_their_median_area() -> None:
    todo = choose(truth_of(columns({1: [1, 3, 8, 8, 9], 7: [4, 4, 4, 4, 0]})))
    assert todo.starts == {1: 2, 7: 0}
    assert todo.counted == {1: (3, 4), 7: (1, 2, 3, 4)}
    assert todo.frames == range(5)


def test_or_on_their_first_frame_where_the_layout_says_so() -> None:
    rules = Rules(visible_share=0, fewest_pixels=1, counts_last=False)
    todo = choose(truth_of(columns({1: [0, 1, 8, 8, 8]}), rules=rules))
    assert todo.starts == {1: 1}
    assert todo.counted == {1: (2, 3)}  # DAVIS leaves the last frame out


def test_the_last_frame_of_a_part_is_not_the_last_of_the_stack() -> None:
    rules = Rules(counts_last=False)
    truth = truth_of(columns({1: [8] * 9}), rules=rules)
    assert choose(truth, stop=5).counted == {1: (1, 2, 3, 4)}
    assert choose(truth, start=5).counted == {1: (6, 7)}


@pytest.mark.parametrize(("start", "stop"), [(None, 0), (3, 1), (9, None)])
def test_no_frame_is_not_all_of_them(start, stop) -> None:
    truth = truth_of(columns({1: [8] * 9}))
    with pytest.raises(StackError, match="none of those asked for"):
        choose(truth, start=start, stop=stop)


def test_frames_that_are_not_annotated_are_unknown() -> None:
    labels = columns({1: [0, 8, 0, 0, 8, 0]})
    todo = choose(truth_of(labels, known=frozenset({1, 4, 5})))
    assert todo.starts == {1: 1}
    assert todo.counted == {1: (4, 5)}


def test_a_cell_that_divided_is_neither_there_nor_gone() -> None:
    labels = columns({1: [8, 8, 0, 0], 2: [0, 0, 5, 5], 3: [0, 0, 5, 5]})
    todo = choose(truth_of(labels, parents={2: 1, 3: 1}))
    assert todo.counted == {1: (1,), 2: (3,), 3: (3,)}
    assert choose(truth_of(labels)).counted[1] == (1, 2, 3)


def test_only_the_objects_to_measure() -> None:
    labels = columns({1: [8, 8], 2: [8, 8], 3: [8, 8]})
    assert choose(truth_of(labels, ids=(3, 1))).ids == (1, 3)
    with pytest.raises(StackError, match="measured on object 9"):
        choose(truth_of(labels, ids=(1, 9)))


def test_a_range_of_frames() -> None:
    todo = choose(truth_of(columns({1: [8] * 9})), start=2, stop=6)
    assert (todo.frames, todo.starts) == (range(2, 6), {1: 2})
    with pytest.raises(StackError, match="frames 0 to 8, none of those"):
        choose(truth_of(columns({1: [8] * 9})), start=9)


def test_of_long_stacks_the_frames_that_show_most() -> None:
    labels = columns({1: [8, 0, 0, 8, 8, 8], 2: [0, 0, 0, 8, 8, 0]})
    todo = choose(truth_of(labels), most_frames=3)
    assert todo.frames == range(3, 6)
    assert todo.starts == {1: 3, 2: 3}


def test_of_many_objects_all_sizes() -> None:
    labels = columns({i: [i + 1, i + 1] for i in range(1, 10)})
    todo = choose(truth_of(labels), most_objects=3)
    assert (todo.ids, todo.offered) == ((2, 5, 8), 9)


def test_objects_that_can_be_compared_nowhere_are_left_out() -> None:
    labels = columns({1: [8, 8, 8], 2: [0, 0, 8]})
    assert choose(truth_of(labels)).ids == (1,)
    with pytest.raises(StackError, match="no object on two annotated frames"):
        choose(truth_of(labels, known=frozenset({1})))


def test_negative_labels_are_no_objects() -> None:
    labels = columns({1: [8, 8]}).astype(np.int16)
    labels[:, -3:, -3:] = -1
    assert choose(truth_of(labels)).ids == (1,)


def test_empty_labels() -> None:
    with pytest.raises(StackError, match="are empty"):
        choose(truth_of(np.zeros((3, 8, 8), np.uint8)))


def test_an_object_counts_on_the_frames_that_are_compared() -> None:
    todo = Assignment(range(9), {4: 1}, {4: (2, 3, 7)})
    assert [frame for frame in range(9) if todo.counts(4, frame)] == [2, 3, 7]
