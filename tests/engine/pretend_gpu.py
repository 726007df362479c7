"""A GPU that is not there: its tensors hold values, and do not meet others unnoticed.

See ``pretend_device`` for what lies on it, and ``pretend_streams`` for the order in
which it computes. Products are rounded to bfloat16 as autocast
does it on CUDA, see ``pretend_autocast``, or not at all, which a real one cannot do.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from napari_sam2.engine.streams import side_stream
from napari_sam2.model.precision import has_bfloat16
from tests.engine.pretend_autocast import rounded
from tests.engine.pretend_device import (
    HOST,
    STAND_IN,
    OnGpu,
    PretendGpu,
    each,
    is_there,
    refuse_strangers,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPLACED = {
    "torch.cuda.device_count": lambda: 1,
    "torch.cuda.get_device_name": lambda device=None: "Pretended GPU",
    "torch.cuda.mem_get_info": lambda device=None: (1 << 34, 1 << 34),
    "torch.cuda.memory_reserved": lambda device=None: 0,
    "torch.cuda.memory_allocated": lambda device=None: 0,
    # Weights that are brought to the device are other tensors there.
    "torch.__future__.get_overwrite_module_params_on_conversion": lambda: True,
}


class _Names(TorchFunctionMode):
    """Lets code speak of the device as of a real one."""

    def __init__(self, gpu: PretendGpu, device: torch.device) -> None:
        super().__init__()
        self.gpu = gpu
        self.device = device
        self.rounds = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.rounds:
            args, kwargs = rounded(func, (args, kwargs))
        if func in (torch.tensor, torch.as_tensor) and is_there(kwargs.get("device")):
            return OnGpu(func(*args, **{**kwargs, "device": HOST}))
        if func is Tensor.pin_memory:
            return args[0]
        if func is torch.device:
            return func(*args, **kwargs)
        if args and isinstance(args[0], OnGpu):
            if func == Tensor.device.__get__:
                return self.device
            if func == Tensor.is_cuda.__get__:
                return self.device.type == "cuda"
            if func is Tensor.tolist:
                return args[0].cpu().tolist()
            if func is F.scaled_dot_product_attention:
                refuse_strangers(func, (args, kwargs))
                made = OnGpu(func(*values_of(args), **values_of(kwargs)))
                return self.gpu.placed(func, (args, kwargs), made)
            if func is Tensor.__getitem__:
                return func(args[0], _with_tensors(args[1]))
        args, kwargs = each(_stand_in, (args, kwargs))
        return func(*args, **kwargs)


def _with_tensors(index):
    """Make tensors of lists of numbers, which would lose them on the stand-in."""
    if isinstance(index, tuple):
        return tuple(map(_with_tensors, index))
    return torch.tensor(index) if isinstance(index, list) else index


def _stand_in(one):
    return STAND_IN if is_there(one) else one


@contextmanager
def pretend_gpu(
    kind: str = "cuda", *, rounds: bool = True, capability: tuple[int, int] = (9, 0)
) -> Iterator[PretendGpu]:
    """Have a GPU for a while, in this thread.

    Parameters
    ----------
    kind : {"cuda", "mps"}, optional
    rounds : bool, optional
        Whether autocast rounds products to bfloat16.
    capability : tuple of int, optional
        What CUDA says the GPU is: those before (8, 0) have no bfloat16.
    """
    gpu = PretendGpu()
    names, streams = _Names(gpu, torch.device(kind, 0)), gpu.streams

    @contextmanager
    def autocast(device_type, dtype=None, enabled=True) -> Iterator[None]:
        before, names.rounds = names.rounds, rounds and enabled
        try:
            yield
        finally:
            names.rounds = before

    with ExitStack() as stack:
        for known in (side_stream, has_bfloat16):
            known.cache_clear()
            stack.callback(known.cache_clear)
        launching = {
            "torch.cuda.get_device_capability": lambda device=None: capability,
            "torch.cuda.memory_stats": lambda device=None: gpu.memory_stats,
            "torch.cuda.Stream": streams.make,
            "torch.cuda.stream": streams.on,
            "torch.cuda.current_stream": lambda device=None: streams.current,
            "torch.Tensor.record_stream": lambda one, at: one.origin.readers.add(at),
        }
        for name, replacement in {**_REPLACED, **launching}.items():
            stack.enter_context(mock.patch(name, replacement))
        available = {"cuda": "torch.cuda", "mps": "torch.backends.mps"}[kind]
        stack.enter_context(mock.patch(f"{available}.is_available", lambda: True))
        stack.enter_context(mock.patch("torch.autocast", autocast))
        asked = "torch.is_autocast_enabled"
        stack.enter_context(mock.patch(asked, lambda device_type=None: names.rounds))
        stack.enter_context(names)
        stack.enter_context(gpu)
        yield gpu
