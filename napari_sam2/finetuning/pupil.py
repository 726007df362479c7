"""A model that learns from its base: which weights, how, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from napari_sam2.model.adapter import DELTA, DOWN, UP
from napari_sam2.model.linear import Linear
from napari_sam2.training.learner import average

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.adapter_card import EncoderTuning
    from napari_sam2.model.checkpoint import StateDict
    from napari_sam2.model.sam2 import Sam2Model

_LEARNING = (
    "sam_mask_decoder.", "memory_attention.", "memory_encoder.", "obj_ptr_proj.",
    "obj_ptr_tpos_proj.", "maskmem_tpos_enc", "no_mem_embed", "no_obj_ptr",
    "no_obj_embed_spatial",
)  # fmt: skip
# They belong to the decoder by name, but are part of a frame's features.
_OF_THE_ENCODER = ("sam_mask_decoder.conv_s0.", "sam_mask_decoder.conv_s1.")

_RANK = 8
_STEEPER = 5.0  # rate of low-rank factors, whose product is small at first
_WARM_STEPS = 10
_DECAY = 0.96  # share of the running mean that a step keeps


class LowRank(nn.Module):
    """A change of low rank on top of a weight that stays as it is."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        rows, columns = weight.shape
        down = torch.randn(rank, columns) * columns**-0.5
        self.up = nn.Parameter(weight.new_zeros(rows, rank))
        self.down = nn.Parameter(down.to(weight.device))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight."""
        return weight + self.up @ self.down


class Pupil:
    """Weights under way, and their running mean, which is what counts.

    Parameters
    ----------
    model : Sam2Model
        The base, on the device that computes; it is changed.
    encoder : {"frozen", "low-rank"}
    rate : float
        Learning rate of decoder and memory.
    """

    def __init__(
        self, model: Sam2Model, encoder: EncoderTuning, *, rate: float
    ) -> None:
        self.model = model.requires_grad_(False)
        self._rate = rate
        self._steps = 0
        self._tuned = {n: p for n, p in model.named_parameters() if _learns(n)}
        self._origin = {n: p.detach().clone() for n, p in self._tuned.items()}
        factors = dict(_add_factors(model)) if encoder == "low-rank" else {}
        self._factors = factors
        self._latest = {**self._tuned, **factors}
        for parameter in self._latest.values():
            parameter.requires_grad_(True)
        self._mean = {n: p.detach().clone() for n, p in self._latest.items()}
        self._optimizer = torch.optim.AdamW(
            [
                {"params": list(self._tuned.values()), "share": 1.0},
                {"params": list(factors.values()), "share": _STEEPER},
            ],
            lr=rate,
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def step(self, loss: Tensor) -> None:
        """Learn from one loss; a gradient that is not finite is left out."""
        warmth = min(1.0, (self._steps + 1) / _WARM_STEPS)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * warmth * group["share"]
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(list(self._latest.values()), 1.0)
        if bool(norm.isfinite()):
            self._optimizer.step()
            self._average()

    def _average(self) -> None:
        self._steps += 1
        means, latest = self._mean.values(), self._latest.values()
        average(means, latest, step=self._steps, decay=_DECAY)

    def changes(self) -> StateDict:
        """Return what was learnt, as an adapter keeps it: float16, on the CPU."""
        found = {n + DELTA: self._mean[n] - w for n, w in self._origin.items()}
        found |= {name: self._mean[name] for name in self._factors}
        return {
            name: tensor.to("cpu", torch.float16).contiguous()
            for name, tensor in found.items()
        }


def _learns(name: str) -> bool:
    return name.startswith(_LEARNING) and not name.startswith(_OF_THE_ENCODER)


def _add_factors(model: Sam2Model) -> Iterator[tuple[str, nn.Parameter]]:
    """Add a change of low rank to the trunk's linear layers; yield its factors."""
    for name, module in list(model.image_encoder.trunk.named_modules()):
        if isinstance(module, Linear):
            change = LowRank(module.weight, _RANK)
            parametrize.register_parametrization(module, "weight", change)
            weight = f"image_encoder.trunk.{name}.weight"
            yield weight + UP, change.up
            yield weight + DOWN, change.down
