"""A small model that can learn, and clips for it."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.model.sam2 import Sam2Model
from napari_sam2.training.initial import new_model
from napari_sam2.training.scenes import Clips, draw
from tests.miniature import MINIATURE

CPU = torch.device("cpu")


@pytest.fixture
def pupil() -> Sam2Model:
    """Return a small untrained model whose weights may change."""
    return new_model(MINIATURE).requires_grad_(True).train()


@pytest.fixture(scope="session")
def clips() -> Clips:
    """Return two clips of four frames, 64 pixels wide."""
    return draw(5, 0, clips=2, frames=4, size=64, device=CPU)
