"""Linear layers that take the faster of two roads on a CPU.

PyTorch sends float32 matrix products on a CPU to its BLAS library, which on many
processors is a third slower than oneDNN, a part of the same PyTorch build. The operator
used here is the one that PyTorch's own compiler emits; weights that were rounded to
bfloat16 gain from it, too. It knows no gradients, so training, other devices and other
types take the ordinary road.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["none", "relu", "gelu"]

_ORDINARY = {"none": lambda x: x, "relu": F.relu, "gelu": F.gelu}
_ROUNDING = {torch.float32: 1e-5, torch.bfloat16: 2**-7}
_FEWEST_ROWS = 64  # below this the overhead is larger than the gain


class Linear(nn.Linear):
    """A linear layer, with the activation that follows it in the same pass."""

    def forward(self, x: Tensor, activation: Activation = "none") -> Tensor:
        """Map (..., in) to (..., out)."""
        return linear(x, self.weight, self.bias, activation)


def linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: Activation = "none",
) -> Tensor:
    """Return ``activation(x @ weight.T + bias)``.

    Parameters
    ----------
    x : Tensor, shape (..., in)
    weight : Tensor, shape (out, in)
    bias : Tensor, shape (out,), optional
    activation : {"none", "relu", "gelu"}, optional
        GELU is the exact one.
    """
    if _is_long(x) and (is_fast(x) or _is_half(weight)):
        algorithm = "none" if activation == "gelu" else ""
        return torch.ops.mkldnn._linear_pointwise(
            x.to(weight.dtype), weight, bias, activation, [], algorithm
        )
    return _ORDINARY[activation](F.linear(x, weight, bias))


def _is_long(x: Tensor) -> bool:
    """Whether there are enough rows; asked first, for most products are short.

    A graph that is exported would keep to the numbers that are looked at.
    """
    if torch.compiler.is_compiling():
        return False
    return x.numel() >= _FEWEST_ROWS * x.shape[-1]


def is_fast(x: Tensor) -> bool:
    """Whether float32 matrix products with ``x`` can go through oneDNN."""
    return (
        x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and _is_taken(x)
    )


def _is_half(weight: Tensor) -> bool:
    """Whether products with a rounded weight can: in bfloat16, summed in float32.

    The ordinary road fills the result with the bias first, and takes it up once more
    for the activation: a quarter of the time that the product itself takes.
    """
    return weight.dtype == torch.bfloat16 and _is_taken(weight)


def _is_taken(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and not torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and _is_available(x.dtype)
    )


@cache
def _is_available(dtype: torch.dtype) -> bool:
    """Whether this PyTorch build has the operator and it computes what it should."""
    if not torch.backends.mkldnn.is_available():
        return False
    with torch.inference_mode(), torch.autocast("cpu", enabled=False):
        x = torch.linspace(-2, 2, 64 * 8).view(64, 8).to(dtype)
        weight = torch.linspace(-1, 1, 32).view(4, 8).to(dtype)
        bias = torch.linspace(0, 1, 4).to(dtype)
        try:
            got = torch.ops.mkldnn._linear_pointwise(
                x, weight, bias, "gelu", [], "none"
            )
        except (AttributeError, RuntimeError):
            return False
        wanted = F.gelu(F.linear(x.float(), weight.float(), bias.float()))
        return torch.allclose(got.float(), wanted, rtol=_ROUNDING[dtype], atol=1e-5)
