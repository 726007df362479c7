"""Sizes are written the way people read them."""

from __future__ import annotations

import pytest

from napari_sam2.engine.weights import human_size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (6_916_868, "6.9 MB"),
        (156_008_466, "156 MB"),
        (34_000_000_000, "34 GB"),
        (10**16, "10000 TB"),
    ],
)
def test_sizes_have_two_or_three_digits(count, text):
    assert human_size(count) == text
