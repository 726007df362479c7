"""What the named qualities are, and which of them a machine gets by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import ModelError
from napari_sam2.core.quality import (
    BALANCED,
    EXACT,
    FAST,
    NAMED,
    ROUNDED,
    Quality,
    describe,
    grade,
)


def test_released_models_get_these_sizes() -> None:
    sizes = [one.image_size(1024) for one in (EXACT, BALANCED, FAST)]
    assert sizes == [1024, 672, 512]


@given(st.integers(1, 64), st.sampled_from([*NAMED.values()]))
def test_sizes_are_those_of_a_network(blocks: int, quality: Quality) -> None:
    own = 32 * blocks
    size = quality.image_size(own)
    assert size % 32 == 0
    assert own * quality.size_share <= size <= own


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("is_processor", [True, False])
def test_a_name_means_the_same_everywhere(name, is_processor) -> None:
    found = grade(name, is_processor=is_processor, own_size=64, encoder_flops=float)
    assert found is NAMED[name]


def automatic(flops_at_1024: float, *, is_processor: bool = True) -> Quality:
    def flops(size: int) -> float:
        return flops_at_1024 * (size / 1024) ** 2

    return grade("auto", is_processor=is_processor, own_size=1024, encoder_flops=flops)


def test_a_gpu_computes_exactly_by_itself() -> None:
    assert automatic(2e12, is_processor=False) is EXACT


def test_a_processor_that_gains_from_rounding_rounds_before_it_looks_less_closely() -> (
    None
):
    def with_units(flops: float) -> Quality:
        return grade(
            "auto",
            is_processor=True,
            own_size=1024,
            encoder_flops=lambda size: flops * (size / 1024) ** 2,
            has_units=True,
        )

    assert with_units(1e9) is EXACT
    assert with_units(3e11) is ROUNDED
    assert with_units(6e11) is BALANCED
    assert with_units(1.5e12) is FAST


def test_a_processor_gets_what_it_answers_soon() -> None:
    assert automatic(1e9) is EXACT
    assert automatic(1.5e11) is BALANCED
    assert automatic(3e11) is FAST
    assert automatic(6e11).image_size(1024) == 384


@given(st.floats(1e9, 1e13), st.floats(1e9, 1e13))
def test_more_work_is_never_seen_more_closely(one: float, other: float) -> None:
    few, many = sorted([one, other])
    assert automatic(few).size_share >= automatic(many).size_share


@pytest.mark.parametrize(
    "values", [{"size_share": 0.0}, {"size_share": 1.5}, {"recent_frames": 0}]
)
def test_what_cannot_be_computed_is_refused(values) -> None:
    with pytest.raises(ModelError, match="There is no quality"):
        Quality("odd", **values)


def test_what_a_machine_gets_by_itself_is_said_in_words() -> None:
    assert [describe(one) for one in NAMED.values()] == list(NAMED)
    assert describe(automatic(1e13)) == (
        "fast, with frames at 3/8 of the model's image size"
    )


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (Quality(recent_frames=1), "custom, looking back at 1 frame"),
        (
            Quality(size_share=1 / 2, recent_frames=2, rounds=True),
            "custom, with frames at 1/2 of the model's image size, looking back at 2 "
            "frames, rounded",
        ),
        (
            replace(FAST, size_share=1.0, recent_frames=None, rounds=False),
            "fast, with frames of the model's own image size, looking back at as many "
            "frames as the model was made for, not rounded",
        ),
        (
            Quality("mine", size_share=1 / 4),
            "mine, with frames at 1/4 of the model's image size",
        ),
    ],
)
def test_a_quality_of_ones_own_is_told_apart_from_the_named_ones(quality, words):
    assert describe(quality) == words
    assert quality not in NAMED.values()
