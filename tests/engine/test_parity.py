"""The tracker equals the reference's video predictor, frame by frame."""

from __future__ import annotations

import pytest

from tests.devices import DEVICES, full_precision
from tests.engine.parity import Run, follow_a_click_and_a_box, follow_a_mask_both_ways
from tests.golden import reference


@pytest.fixture(
    scope="module", params=[(d, stem) for d in DEVICES for stem in reference.VIDEOS],
    ids="-".join,
)  # fmt: skip
def case(request):
    """Return a stem of reference outputs, and the model behind them on a device."""
    device, stem = request.param
    with full_precision():
        yield stem, reference.model(stem).to(device)


def test_clicks_and_boxes_forward_then_a_correction(case) -> None:
    follow_a_click_and_a_box(Run(*case))


def test_a_mask_both_ways(case) -> None:
    follow_a_mask_both_ways(Run(*case))
