"""Weights to begin with, such that learning from nothing gets going at once.

A promptable model that starts from default weights stays blind for thousands of steps:
nothing ties a click's position code to the place in the image. Here the decoder's
attentions between tokens and image match equal positions from the start, memories are
looked up where they were made, and position codes have several scales.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_sam2.model.blocks import MLP
from napari_sam2.model.memory_attention import RotaryAttention
from napari_sam2.model.memory_encoder import ConvNextBlock
from napari_sam2.model.sam2 import Sam2Model
from napari_sam2.model.two_way import Attention

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.config import Sam2Config

_PEAK = 4.0  # logit by which the right place stands out
_QUIETED = (  # endings of names, and factors of weights
    *((f"output_hypernetworks_mlps.{mask}.layers.2", 0.3) for mask in range(4)),
    ("iou_prediction_head.layers.2", 0.1),
    ("pred_obj_score_head.layers.2", 0.1),
    (".attn.proj", 0.5),
    ("mlp.layers.1", 0.5),
    ("conv_s0", 0.5),
    ("conv_s1", 0.5),
    *((f"neck.convs.{level}.conv", 0.12) for level in range(4)),
    ("linear2", 0.3),
    ("memory_attention.layers.0.self_attn.out_proj", 0.3),
    ("cross_attn_image.out_proj", 0.6),
    ("no_mask_embed", 0.02),
    ("not_a_point_embed", 0.3),
    *((f"point_embeddings.{kind}", 0.4) for kind in range(4)),
)


@torch.no_grad()
def new_model(config: Sam2Config, seed: int = 0) -> Sam2Model:
    """Make an untrained model.

    Parameters
    ----------
    config : Sam2Config
    seed : int, optional
        The same seed gives the same weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Sam2Model(config)
        _unit_gain(model)
        _codes(model)
        _quiet_branches(model)
        _match_everything(model)
    return model.eval().requires_grad_(False)


def _unit_gain(model: Sam2Model) -> None:
    """Let every linear map keep the variance of what goes through it."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            first = isinstance(module, nn.ConvTranspose2d)
            weight = module.weight
            inputs = weight.shape[0] if first else weight[0].numel()
            nn.init.normal_(weight, std=inputs**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in model.modules():
        if isinstance(module, MLP):
            *hidden, _ = module.layers
            for layer in hidden:
                layer.get_parameter("weight").mul_(math.sqrt(2))


def _codes(model: Sam2Model) -> None:
    """Set learned codes, and the Fourier frequencies that positions are told by."""
    trunk = model.image_encoder.trunk
    for code in (
        trunk.pos_embed, trunk.pos_embed_window, model.maskmem_tpos_enc,
        model.no_mem_embed, model.no_mem_pos_enc, model.no_obj_ptr,
    ):  # fmt: skip
        nn.init.trunc_normal_(code, std=0.02)
    if model.config.marks_absence:
        nn.init.trunc_normal_(model.no_obj_embed_spatial, std=0.02)
    matrix = model.sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix
    matrix.copy_(_frequencies(matrix.shape[1]))


def _frequencies(count: int) -> Tensor:
    """Return frequencies along x, along y and in between, (2, count), mixed."""
    straight = 3 * count // 8
    scales = torch.logspace(-1, 0.4, straight)
    table = torch.zeros(2, count)
    table[0, :straight] = scales
    table[1, straight : 2 * straight] = scales
    table[:, 2 * straight :] = 0.7 * torch.randn(2, count - 2 * straight)
    return table[:, torch.randperm(count)]


def _quiet_branches(model: Sam2Model) -> None:
    """Scale down what would drown position codes, and answers given too early."""
    for name, module in model.named_modules():
        for ending, factor in _QUIETED:
            if name.endswith(ending):
                module.get_parameter("weight").mul_(factor)
        if isinstance(module, ConvNextBlock):
            module.gamma.fill_(0.1)
    *_, score = model.sam_mask_decoder.pred_obj_score_head.layers
    score.get_parameter("bias").fill_(2.0)  # most objects are there


def _match_everything(model: Sam2Model) -> None:
    """Give all attentions that look for places their start."""
    for name, module in model.named_modules():
        if isinstance(module, Attention) and not name.endswith("self_attn"):
            _match_positions(module)
        elif isinstance(module, RotaryAttention):
            is_cross = name.endswith("cross_attn_image")
            _match_places(module, _PEAK if is_cross else 0.5 * _PEAK)


def _match_positions(attention: Attention) -> None:
    """Give queries and keys one orthogonal projection: equal codes attract.

    A code of C channels has squared length C/2, so a head of c channels sees c/2 times
    the squared scale before division by √c.
    """
    weight = nn.init.orthogonal_(torch.empty_like(attention.q_proj.weight))
    channels = weight.shape[0] // attention.heads
    weight.mul_(math.sqrt(_PEAK * math.sqrt(channels) / (channels / 2)))
    attention.q_proj.weight.copy_(weight)
    attention.k_proj.weight.copy_(weight)


def _match_places(attention: RotaryAttention, peak: float) -> None:
    """Let every place look at itself first, through constant queries and keys.

    Rotary codes turn constant vectors by the place; only the fastest quarter of the
    channel pairs of either axis tells neighbours apart.
    """
    dim = attention.q_proj.weight.shape[0]
    pairs = torch.zeros(dim // 2, 2)
    quarter = dim // 4  # pairs that turn with the column; as many turn with the row
    fast = max(2, quarter // 4)
    length = math.sqrt(peak * math.sqrt(dim) / (4 * fast))
    pairs[:fast] = length
    pairs[quarter : quarter + fast] = length
    attention.q_proj.bias.copy_(pairs.flatten())
    attention.k_proj.bias.copy_(pairs.flatten())
