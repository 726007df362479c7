"""Graphs give what the reference gives, within the tolerances of PyTorch's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.onnx.opening import open_network
from tests.engine.parity import (
    Run,
    follow_a_click_and_a_box,
    follow_a_mask_both_ways,
)


@pytest.fixture(scope="module")
def network(nano_onnx: Path) -> OnnxNetwork:
    """Return the exported model; the reference always refines."""
    network = open_network(nano_onnx, device="cpu")
    network.config = replace(network.config, refines_masks=True)
    return network


def test_clicks_and_boxes_forward_then_a_correction(network: OnnxNetwork) -> None:
    follow_a_click_and_a_box(Run("nano_256", network))


def test_a_mask_both_ways(network: OnnxNetwork) -> None:
    follow_a_mask_both_ways(Run("nano_256", network))
