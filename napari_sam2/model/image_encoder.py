"""The image encoder: trunk, neck, and the features that the rest of the model uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from napari_sam2.model.hiera import Hiera
from napari_sam2.model.position import TableCache

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config


class ImageFeatures(NamedTuple):
    """What is known of a frame, whatever the object: the result of the encoder.

    Attributes
    ----------
    coarse : Tensor, shape (B, C, S/16, S/16)
        What memory attention, decoder and memory encoder look at.
    middle : Tensor, shape (B, C/4, S/8, S/8)
    fine : Tensor, shape (B, C/8, S/4, S/4)
        Detail for the decoder's upscaling.
    """

    coarse: Tensor
    middle: Tensor
    fine: Tensor

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(t.numel() * t.element_size() for t in self)


class Lateral(nn.Module):
    """A 1 × 1 convolution under the name that checkpoints give it."""

    def __init__(self, channels: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels_out, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C')."""
        return F.linear(x, self.conv.weight.flatten(1), self.conv.bias)


class FpnNeck(nn.Module):
    """Brings every stage to one width; the coarsest is added to the one above it."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            Lateral(dim, config.hidden_dim) for dim in reversed(config.stage_dims)
        )


class ImageEncoder(nn.Module):
    """Trunk and neck."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.trunk = Hiera(config)
        self.neck = FpnNeck(config)
        self._tables = TableCache()

    def forward(
        self, images: Tensor, conv_s0: nn.Conv2d, conv_s1: nn.Conv2d
    ) -> ImageFeatures:
        """Encode (B, 3, S, S) images.

        ``conv_s0`` and ``conv_s1`` belong to the decoder, but depend on the image only,
        so they run here, once per frame. Each follows a lateral convolution with
        nothing between, so that the two are one.
        """
        stages = self.trunk(images)
        coarsest, coarse, middle, fine = self.neck.convs
        top = coarsest(stages[3]).float().permute(0, 3, 1, 2)
        above = F.interpolate(top, scale_factor=2.0, mode="nearest")
        joined = coarse(stages[2]).permute(0, 3, 1, 2) + above.to(stages[2].dtype)
        return ImageFeatures(
            coarse=joined.contiguous(),
            middle=self._joined(stages[1], middle, conv_s1),
            fine=self._joined(stages[0], fine, conv_s0),
        )

    def _joined(self, x: Tensor, first: nn.Module, second: nn.Module) -> Tensor:
        """Apply two 1 × 1 convolutions as one: (B, H, W, C) to (B, C'', H, W)."""
        parameters = _parameters(first, second)
        weight = self._tables.get(
            parameters, ("weight", x.shape[-1]), lambda: _product(*parameters)
        )
        bias = self._tables.get(
            parameters, ("bias", x.shape[-1]), lambda: _offset(*parameters)
        )
        return F.linear(x, weight, bias).permute(0, 3, 1, 2).contiguous()


def _parameters(first: nn.Module, second: nn.Module) -> tuple[Tensor, ...]:
    """Return weight and bias of two 1 × 1 convolutions."""
    names = (first, "conv.weight"), (first, "conv.bias")
    more = (second, "weight"), (second, "bias")
    return tuple(module.get_parameter(name) for module, name in (*names, *more))


def _product(first: Tensor, _: Tensor, second: Tensor, __: Tensor) -> Tensor:
    """Return the weight of both together, (C'', C)."""
    joined = second.flatten(1).float() @ first.flatten(1).float()
    return joined.to(first.dtype)


def _offset(_: Tensor, first: Tensor, matrix: Tensor, second: Tensor) -> Tensor:
    """Return the bias of both together, (C'',)."""
    joined = matrix.flatten(1).float() @ first.float() + second.float()
    return joined.to(first.dtype)
