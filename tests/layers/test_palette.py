from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.io.pictures.palette import object_colour
from napari_sam2.layers.palette import are_coloured, mask_colours, object_rgba


@pytest.mark.parametrize("object_id", [1, 2, 99])
def test_objects_have_one_colour_everywhere(object_id):
    expected = (*(np.array(object_colour(object_id)) / 255), 1)
    np.testing.assert_allclose(object_rgba(object_id), expected)
    np.testing.assert_allclose(
        mask_colours([object_id]).map(object_id), expected, atol=0.01
    )


def test_the_background_is_transparent():
    colours = mask_colours([1, 2])
    assert [colours.map(value)[3] for value in (0, 1, 2)] == [0, 1, 1]


@pytest.mark.parametrize("largest", [65_535, 65_536, 3_000_000])
def test_any_object_number_has_a_colour(largest):
    colours = mask_colours([1, largest])
    np.testing.assert_allclose(colours.map(1), object_rgba(1), atol=0.01)
    assert colours.map(largest)[3] == 1
    assert colours.map(0)[3] == 0


def test_colours_are_made_anew_only_where_an_object_has_none():
    colours = mask_colours([1, 2])
    assert are_coloured(colours, [1, 2, 3])
    assert not are_coloured(colours, [1, 500])
    cycle = mask_colours([70_000])
    assert are_coloured(cycle, [1, 70_001])
    assert not are_coloured(cycle, [1, 2])
    assert not are_coloured(colours, [70_000])
