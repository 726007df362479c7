"""Objects are parted into batches of few sizes, and no object is lost."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.compiled.chunks import SIZES, chunks, filled


@given(count=st.integers(0, 200))
def test_every_object_is_in_one_batch(count) -> None:
    rows = [row for chunk in chunks(count) for row in range(count)[chunk.rows]]
    assert rows == list(range(count))


@given(count=st.integers(1, 200))
def test_little_is_filled_up(count) -> None:
    found = chunks(count)
    assert {chunk.size for chunk in found} <= set(SIZES)
    assert sum(chunk.size for chunk in found) <= count + count // 3


@given(count=st.integers(1, 40))
def test_batches_hold_their_rows_first(count) -> None:
    x = torch.arange(count)[:, None]
    for chunk in chunks(count):
        batch = filled(x, chunk)
        rows = x[chunk.rows]
        assert len(batch) == chunk.size
        assert torch.equal(batch[: len(rows)], rows)
        assert (batch[len(rows) :] == rows[-1]).all()
