"""Groups of objects: who goes together, and what happens when memory runs out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.objects.memory import FrameMemory, MemoryBank
from napari_sam2.engine.objects.selection import Selection
from napari_sam2.engine.objects.stepping import (
    MemoryQuery,
    bytes_per_object,
    group_by_memory,
    track,
)
from napari_sam2.model.config import VARIANTS
from tests.engine.stacks import NOWHERE
from tests.miniature import MINIATURE

SELECTIONS = st.builds(
    Selection,
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=3).map(tuple),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=2).map(tuple),
)


@given(st.lists(SELECTIONS, max_size=8))
def test_groups_agree_in_slots_and_ages(selections) -> None:
    objects = [
        MemoryQuery(i, MemoryBank(), s, NOWHERE.view) for i, s in enumerate(selections)
    ]
    groups = group_by_memory(objects)
    assert sorted(one.object_id for group in groups for one in group) == [
        *range(len(objects))
    ]
    shapes = [{one.selection.shape for one in group} for group in groups]
    assert all(len(shape) == 1 for shape in shapes)
    assert len({s for shape in shapes for s in shape}) == len(groups)


def banks(model, count: int) -> list[MemoryBank]:
    config, generator = model.config, torch.Generator().manual_seed(0)
    shape = (config.grid**2, config.memory_dim)
    return [
        MemoryBank(
            {
                frame: FrameMemory(
                    torch.randn(shape, generator=generator).bfloat16(),
                    torch.randn(config.hidden_dim, generator=generator),
                    NOWHERE,
                )
                for frame in range(3)
            }
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    "selection",
    [
        Selection((), ()),
        Selection(((0, 0),), ()),
        Selection(((0, 0), (1, 1), (2, 2)), ((2, 0), (1, 1))),
    ],
)
@torch.inference_mode()
def test_a_group_is_exactly_its_objects_one_by_one(miniature, selection) -> None:
    pixels = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    features = miniature.encode_image(pixels)
    group = [
        MemoryQuery(i, bank, selection, NOWHERE.view)
        for i, bank in enumerate(banks(miniature, 3))
    ]
    together = track(miniature, features, group, 3)
    for one, found in zip(group, together, strict=True):
        [alone] = track(miniature, features, [one], 3)
        for a, b in zip(found.state, alone.state, strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
        assert found.spatial.dtype == torch.bfloat16
        torch.testing.assert_close(found.spatial, alone.spatial, atol=0.05, rtol=0.02)


def test_larger_models_take_more_memory() -> None:
    small, large = (
        bytes_per_object(VARIANTS["sam2.1-tiny"].at_size(s)) for s in (512, 1024)
    )
    assert bytes_per_object(MINIATURE) < small < large
