"""A GPU that is not there: its tensors hold values, and do not meet others unnoticed.

What lies on the device is computed on the processor. But as on a real one, an operation
whose tensors lie in different places is refused, and what makes the host wait for the
device is written down. Products are rounded to bfloat16 as autocast does it on CUDA, or
not at all, which a real one cannot do.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOST = torch.device("cpu")
# Every build of PyTorch has it, so its tensors can stand for those of another device.
_STAND_IN = torch.device("meta")
_aten = torch.ops.aten
# These may take from one place and give to another; indices may come from the host.
_CARRIERS = _aten._to_copy.default, _aten.copy_.default, _aten.index.Tensor
_INDEXED = _aten.index.Tensor, _aten.index_put_.default
_KINDS = ("cuda", "mps")
_REPLACED = {
    "torch.cuda.device_count": lambda: 1,
    "torch.cuda.mem_get_info": lambda device=None: (1 << 34, 1 << 34),
    "torch.cuda.memory_reserved": lambda device=None: 0,
    "torch.cuda.memory_allocated": lambda device=None: 0,
    # Weights that are brought to the device are other tensors there.
    "torch.__future__.get_overwrite_module_params_on_conversion": lambda: True,
}


# What autocast does in bfloat16 and in float32 on CUDA, as far as it is met here.
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


class OnGpu(Tensor):
    """A tensor that lies on the device, with its values."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> OnGpu:
        with torch.inference_mode(False):  # so that views of weights may be taken
            made = Tensor._make_wrapper_subclass(
                cls,
                values.size(),
                strides=values.stride(),
                storage_offset=values.storage_offset(),
                dtype=values.dtype,
                device=_STAND_IN,
            )
        made.values = values
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise AssertionError(f"{func} is asked of a device that is there no more")


class Passage(NamedTuple):
    """What went between host and device."""

    what: str
    dtype: torch.dtype
    nbytes: int


class PretendGpu(TorchDispatchMode):
    """Computes what is asked of the device.

    Attributes
    ----------
    came : list of Passage
        What the host asked for, in order, and waited for until all before was done.
    went : list of Passage
        What was brought to the device.
    launched : int
        How many operations were started, other than views.
    """

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Passage] = []
        self.went: list[Passage] = []
        self.launched = 0
        self._whole: set[object] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        comes_there = any(isinstance(one, OnGpu) for one in _leaves((args, kwargs)))
        if not comes_there and not _is_there(kwargs.get("device")):
            return func(*args, **kwargs)
        if func not in self._whole:
            with self:  # what consists of other operations is seen in its parts
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
            self._whole.add(func)
        self._watch(func, args, kwargs)
        if func not in _CARRIERS:
            refuse_strangers(func, (args, kwargs))
        return _compute(func, args, kwargs)

    def _watch(self, func, args, kwargs) -> None:
        self.launched += not _is_view(func)
        goes_home = kwargs.get("device") == _HOST
        by_mask = func in _INDEXED and any(
            isinstance(one, Tensor) and one.dtype == torch.bool
            for one in _leaves(args[1])
        )
        of_unknown_size = func in (_aten.nonzero.default, _aten.masked_select.default)
        is_number = func is _aten._local_scalar_dense.default
        if goes_home or by_mask or of_unknown_size or is_number:
            self.came.append(_passage(func, args[0]))
        elif func is _aten._to_copy.default and not isinstance(args[0], OnGpu):
            self.went.append(_passage(func, args[0]))


def _passage(func, tensor: Tensor) -> Passage:
    return Passage(str(func), tensor.dtype, tensor.nbytes)


def _compute(func, args, kwargs):
    """Compute with the values; say where the result lies."""
    goes_home = kwargs.get("device") == _HOST
    here = {**kwargs, "device": _HOST} if "device" in kwargs else kwargs
    found = func(*_values(args), **_values(here))
    if _is_in_place(func):
        return args[0]
    if goes_home:
        return found
    return _each(_on_gpu, found)


def refuse_strangers(func, arguments) -> None:
    """Refuse what lies on the host; numbers alone may, as on a real device."""
    for one in _leaves(arguments):
        is_here = isinstance(one, Tensor) and not isinstance(one, OnGpu)
        assert not is_here or one.dim() == 0, f"{func} met a tensor of the host"


def _values(arguments):
    return _each(lambda one: one.values if isinstance(one, OnGpu) else one, arguments)


def _on_gpu(one):
    return OnGpu(one) if isinstance(one, Tensor) else one


def _each(change, arguments):
    """Change what lies in lists, tuples and dictionaries."""
    if isinstance(arguments, dict):
        return {name: _each(change, one) for name, one in arguments.items()}
    if type(arguments) in (list, tuple):
        return type(arguments)(_each(change, one) for one in arguments)
    return change(arguments)


def _leaves(arguments):
    if isinstance(arguments, dict):
        arguments = tuple(arguments.values())
    if not isinstance(arguments, (list, tuple)):
        return [arguments]
    return [leaf for one in arguments for leaf in _leaves(one)]


def _is_view(func) -> bool:
    returned = [one.alias_info for one in func._schema.returns]
    return any(alias is not None and not alias.is_write for alias in returned)


def _is_in_place(func) -> bool:
    first = func._schema.arguments[0].alias_info if func._schema.arguments else None
    return first is not None and first.is_write


class _Names(TorchFunctionMode):
    """Lets code speak of the device as of a real one."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.rounds = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.rounds and func in _HALF | _WIDE:
            dtype = torch.bfloat16 if func in _HALF else torch.float32
            args, kwargs = _each(lambda one: _cast(one, dtype), (args, kwargs))
        if func in (torch.tensor, torch.as_tensor) and _is_there(kwargs.get("device")):
            return OnGpu(func(*args, **{**kwargs, "device": _HOST}))
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
                return OnGpu(func(*_values(args), **_values(kwargs)))
            if func is Tensor.__getitem__:
                return func(args[0], _with_tensors(args[1]))
        args, kwargs = _each(_stand_in, (args, kwargs))
        return func(*args, **kwargs)


def _cast(one, dtype: torch.dtype):
    """Convert a tensor of the device, if it holds fractions."""
    return one.to(dtype) if isinstance(one, OnGpu) and one.is_floating_point() else one


def _with_tensors(index):
    """Make tensors of lists of numbers, which would lose them on the stand-in."""
    if isinstance(index, tuple):
        return tuple(map(_with_tensors, index))
    return torch.tensor(index) if isinstance(index, list) else index


def _stand_in(one):
    return _STAND_IN if _is_there(one) else one


def _is_there(one) -> bool:
    """Whether something names the device, or what stands for it."""
    if isinstance(one, str):
        return one.startswith(_KINDS)
    return isinstance(one, torch.device) and one.type in (*_KINDS, _STAND_IN.type)


@contextmanager
def pretend_gpu(kind: str = "cuda", *, rounds: bool = True) -> Iterator[PretendGpu]:
    """Have a GPU for a while, in this thread.

    Parameters
    ----------
    kind : {"cuda", "mps"}, optional
    rounds : bool, optional
        Whether autocast rounds products to bfloat16.
    """
    gpu, names = PretendGpu(), _Names(torch.device(kind, 0))

    @contextmanager
    def autocast(device_type, dtype=None, enabled=True) -> Iterator[None]:
        before, names.rounds = names.rounds, rounds and enabled
        try:
            yield
        finally:
            names.rounds = before

    with ExitStack() as stack:
        for name, replacement in _REPLACED.items():
            stack.enter_context(mock.patch(name, replacement))
        available = {"cuda": "torch.cuda", "mps": "torch.backends.mps"}[kind]
        stack.enter_context(mock.patch(f"{available}.is_available", lambda: True))
        stack.enter_context(mock.patch("torch.autocast", autocast))
        asked = "torch.is_autocast_enabled"
        stack.enter_context(mock.patch(asked, lambda device_type=None: names.rounds))
        stack.enter_context(names)
        stack.enter_context(gpu)
        yield gpu
