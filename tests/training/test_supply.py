"""The supply of batches: what was ordered is what comes."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.training.scenes import FAMILIES, draw
from napari_sam2.training.supply import BatchOrder, Supply

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
    ),
]


@pytest.mark.parametrize("name", DEVICES)
def test_batches_come_as_ordered_and_as_drawn_alone(name: str) -> None:
    device = torch.device(name)
    supply = Supply(3, 64, device, FAMILIES)
    for order in (BatchOrder(0, 2, 1), BatchOrder(1, 1, 3)):
        supply.order(order)
        clips = supply.take()
        alone = draw(
            3, order.batch, clips=order.clips, frames=order.frames, size=64,
            device=device,
        )  # fmt: skip
        assert torch.equal(clips.images, alone.images)
        assert torch.equal(clips.labels, alone.labels)
    supply.close()
