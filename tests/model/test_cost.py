"""What an encoder takes is estimated well enough to choose by."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.benchmarking.models import empty_model
from napari_sam2.benchmarking.work import count_work
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.cost import encoder_flops


@pytest.mark.parametrize(
    ("name", "size"), [("sam2.1-tiny", 512), ("sam2.1-small", 448)]
)
def test_it_is_near_what_is_counted(name: str, size: int) -> None:
    config = VARIANTS[name].at_size(size)
    model = empty_model(config)
    image = torch.empty(1, 3, size, size, device="meta")
    counted = count_work(lambda: model.encode_image(image)).flops
    assert encoder_flops(config) == pytest.approx(counted, rel=0.25)


def test_larger_models_and_images_take_more() -> None:
    small = VARIANTS["sam2.1-tiny"].at_size(512)
    assert encoder_flops(small) < encoder_flops(small.at_size(672))
    assert encoder_flops(small) < encoder_flops(VARIANTS["sam2.1-large"].at_size(512))
