"""A model of 50,000 weights that answers in milliseconds, for tests of its users.

Its weights are seeded noise, so its masks mean nothing, but they hang on everything
that goes in: pixels, prompts, memories and their order.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_sam2.model.checkpoint import build_model
from napari_sam2.model.config import Sam2Config
from napari_sam2.model.sam2 import Sam2Model
from tests.golden.recipe import seeded_state

MINIATURE = Sam2Config(
    name="miniature",
    image_size=64,
    embed_dim=8,
    stages=(1, 1, 2, 1),
    windows=(8, 4, 4, 2),
    global_blocks=(3,),
    pos_embed_size=2,
    hidden_dim=32,
    memory_dim=8,
    memory_count=3,
    pointer_count=4,
    memory_layers=1,
    memory_ffn=32,
    decoder_heads=2,
    decoder_ffn=32,
    iou_hidden=16,
)


def seeded_model(config: Sam2Config = MINIATURE, **changes) -> Sam2Model:
    """Make a model with seeded weights; ``changes`` are fields of the config."""
    config = replace(config, **changes)
    empty = Sam2Model(config).state_dict()
    state = seeded_state({name: tuple(t.shape) for name, t in empty.items()})
    tensors = {name: torch.from_numpy(values) for name, values in state.items()}
    return build_model(config, tensors, name=config.name)
