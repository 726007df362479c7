"""Linear layers that take the faster of two roads on a CPU.

PyTorch sends float32 matrix products on a CPU to its BLAS library, which on many
processors is a third slower than oneDNN, a part of the same PyTorch build. The operator
used here is the one that PyTorch's own compiler emits. It knows no gradients, so
training, other devices and other types take the ordinary road.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["none", "relu", "gelu"]

_ORDINARY = {"none": lambda x: x, "relu": F.relu, "gelu": F.gelu}
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
    if is_fast(x) and x.numel() >= _FEWEST_ROWS * x.shape[-1]:
        algorithm = "none" if activation == "gelu" else ""
        return torch.ops.mkldnn._linear_pointwise(
            x, weight, bias, activation, [], algorithm
        )
    return _ORDINARY[activation](F.linear(x, weight, bias))


def is_fast(x: Tensor) -> bool:
    """Whether matrix products with ``x`` can go through oneDNN."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and _is_available()
    )


@cache
def _is_available() -> bool:
    """Whether this PyTorch build has the operator and it computes what it should."""
    if not torch.backends.mkldnn.is_available():
        return False
    with torch.inference_mode():
        x = torch.linspace(-2, 2, 64 * 8).view(64, 8)
        weight, bias = torch.linspace(-1, 1, 32).view(4, 8), torch.linspace(0, 1, 4)
        try:
            got = torch.ops.mkldnn._linear_pointwise(
                x, weight, bias, "gelu", [], "none"
            )
        except (AttributeError, RuntimeError):
            return False
        return torch.allclose(got, F.gelu(F.linear(x, weight, bias)), atol=1e-5)
