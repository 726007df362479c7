"""Autocast as CUDA has it, as far as it is met here: of tensors on a pretended GPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.engine.pretend_device import OnGpu, each

# What is done in bfloat16, and what in float32.
_HALF = {
    F.linear,
    F.conv2d,
    F.conv_transpose2d,
    F.scaled_dot_product_attention,
    torch.matmul,
    Tensor.matmul,
    Tensor.__matmul__,
    torch.bmm,
    torch.einsum,
}
_WIDE = {
    F.layer_norm,
    F.softmax,
    torch.softmax,
    Tensor.softmax,
    torch.rsqrt,
    Tensor.rsqrt,
    Tensor.pow,
    Tensor.__pow__,
    Tensor.__rpow__,
    Tensor.sum,
    torch.sum,
    Tensor.prod,
    Tensor.cumsum,
}


def rounded(func, arguments):
    """Return the arguments of an operation as autocast hands them to it."""
    if func in _HALF:
        return each(lambda one: _cast(one, torch.bfloat16), arguments)
    if func in _WIDE:
        return each(lambda one: _cast(one, torch.float32), arguments)
    return arguments


def _cast(one, dtype: torch.dtype):
    """Convert a tensor of the device, if it holds fractions."""
    return one.to(dtype) if isinstance(one, OnGpu) and one.is_floating_point() else one
