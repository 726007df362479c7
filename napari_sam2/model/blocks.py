"""Small modules that several parts share."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from napari_sam2.model.linear import Linear
from napari_sam2.model.pieces import exceeds_a_piece, in_pieces

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.linear import Activation


_FEW = 4  # channels


class MLP(nn.Module):
    """A stack of linear layers with an activation between them."""

    def __init__(self, dims: tuple[int, ...], activation: Activation = "relu") -> None:
        super().__init__()
        self.layers = nn.ModuleList(Linear(a, b) for a, b in pairwise(dims))
        self.activation = activation
        self._widest = max(dims)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., dims[0]) to (..., dims[-1])."""
        if x.dim() == 3 and exceeds_a_piece(x, self._widest):
            return in_pieces(self._map, x, self._widest)
        return self._map(x)

    def _map(self, x: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            x = layer(x, self.activation)
        return last(x)


class Tokens(nn.Module):
    """Learned tokens, (N, C).

    What ``nn.Embedding`` holds, without its way to fill them: that loads PyTorch's
    compiler where a model is built on ``meta``. It takes seconds, and with it come
    GPU compilers that do not bear the company of some graphics drivers in one process.
    """

    def __init__(self, count: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, dim))
        if not self.weight.is_meta:
            nn.init.normal_(self.weight)


class LayerNorm(nn.LayerNorm):
    """Layer normalisation that takes and gives bfloat16 if its weights are so.

    Autocast would convert to float32 and leave it to the next product to convert back;
    the operator computes in float32 inside, whatever it is given.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise every token's channel vector."""
        if not x.dtype == self.weight.dtype == torch.bfloat16:
            return super().forward(x)
        normed: Tensor = torch.native_layer_norm(
            x, self.normalized_shape, self.weight, self.bias, self.eps
        )[0]
        return normed


class LayerNorm2d(nn.Module):
    """Layer normalisation over the channels of (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise every pixel's channel vector."""
        if x.is_cuda or (x.shape[1] <= _FEW and not torch.compiler.is_compiling()):
            return self._across_planes(x)
        x = x.permute(0, 2, 3, 1)  # (B, H, W, C)
        x = F.layer_norm(x, self.weight.shape, self.weight, self.bias, eps=1e-6)
        return x.permute(0, 3, 1, 2)

    def _across_planes(self, x: Tensor) -> Tensor:
        """Normalise without moving channels.

        CUDA's kernel spends a block of threads on every pixel, of which four channels
        keep few busy; a processor's call for every pixel costs more than its sums.
        """
        wide = x.float()
        apart = wide - wide.mean(dim=1, keepdim=True)
        scale = (apart.square().mean(dim=1, keepdim=True) + 1e-6).rsqrt()
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return torch.addcmul(bias, apart * scale, weight).to(x.dtype)
