"""Frames of many positions are one row of numbers, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.frames.numbers import FrameNumbers

shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@given(shapes, st.integers(1, 5))
def test_numbers_count_as_an_array_does(shape: tuple[int, ...], length: int) -> None:
    numbers = FrameNumbers(shape, length)
    wanted = np.arange(numbers.count).reshape(*shape, length)
    for place in np.ndindex(wanted.shape):
        *position, frame = place
        assert numbers.join(tuple(position), frame) == wanted[place]
        assert numbers.split(int(wanted[place])) == (tuple(position), frame)
        series = numbers.series_of(int(wanted[place]))
        assert list(series) == wanted[tuple(position)].tolist()
        assert numbers.series_at(tuple(position)) == series
    assert numbers.series_count * length == numbers.count


def test_what_lies_beside_has_no_number() -> None:
    numbers = FrameNumbers((2, 3), 4)
    for position, frame in (((0, 3), 0), ((-1, 0), 0), ((0, 0), 4), ((1, 1), -1)):
        assert numbers.join(position, frame) is None
    with pytest.raises(IndexError):
        numbers.series_at((2, 0))
