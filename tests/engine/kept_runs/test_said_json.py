"""What was kept of prompts and sightings is believed only where it can be."""

from __future__ import annotations

import math

import pytest

from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.kept_runs.said_json import (
    said_from,
    said_json,
    sighting_from,
    sighting_json,
)
from napari_sam2.engine.views.view import View
from napari_sam2.engine.views.window import Sighting

SHAPE = (40, 48)
SEEN = Sighting(View(2, 3, 20, 20), (4.0, 5.0, 9.5, 9.5), 3.5, 2)
BOX = FramePrompts(box_yxyx=(5.0, 5.0, 20.0, 30.0))


@pytest.mark.parametrize("context", [3.5, math.inf])
def test_sightings_come_back_as_they_were(context: float) -> None:
    seen = Sighting(SEEN.view, SEEN.box_yxyx, context)
    assert sighting_from(sighting_json(seen), SHAPE) == seen


@pytest.mark.parametrize(
    "change",
    [
        {"context": math.nan}, {"context": 0}, {"context": -3.5}, {"missed": -1},
        {"box_yxyx": [4, math.nan, 9, 9]}, {"box_yxyx": [4, 5, math.inf, 9]},
        {"view": [30, 3, 20, 20]},
    ],
)  # fmt: skip
def test_sightings_that_cannot_be_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r"nowhere|outside|never"):
        sighting_from({**sighting_json(SEEN), **change}, SHAPE)


@pytest.mark.parametrize(
    "change",
    [
        {"box": [5, math.nan, 20, 30]}, {"box": [5, 5, math.inf, 30]},
        {"points": [[math.nan, 5]], "positive": [True]},
    ],
)  # fmt: skip
def test_prompts_that_cannot_be_are_refused(change: dict) -> None:
    assert said_from(said_json(BOX), SHAPE) == BOX
    with pytest.raises((ValueError, Sam2Error)):
        said_from({**said_json(BOX), **change}, SHAPE)
