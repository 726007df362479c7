"""What lies on a pretended GPU: computed on the processor, and kept apart from it.

An operation whose tensors lie in different places is refused, as on a real device, and
what makes the host wait for the device is written down.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engine.pretend_streams import Origin, PretendStreams

HOST = torch.device("cpu")
# Every build of PyTorch has it, so its tensors can stand for those of another device.
STAND_IN = torch.device("meta")
_aten = torch.ops.aten
# These may take from one place and give to another; indices may come from the host.
_CARRIERS = _aten._to_copy.default, _aten.copy_.default, _aten.index.Tensor
_INDEXED = _aten.index.Tensor, _aten.index_put_.default
_NOT_LAUNCHED = (
    _aten.empty.memory_format,
    _aten.new_empty.default,
    _aten._unsafe_view.default,
)
_KINDS = ("cuda", "mps")


class OnGpu(Tensor):
    """A tensor that lies on the device, with its values."""

    values: Tensor
    origin: Origin | None = None

    @staticmethod
    def __new__(cls, values: Tensor) -> OnGpu:
        with torch.inference_mode(False):  # so that views of weights may be taken
            made = Tensor._make_wrapper_subclass(
                cls,
                values.size(),
                strides=values.stride(),
                storage_offset=values.storage_offset(),
                dtype=values.dtype,
                device=STAND_IN,
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
        How many operations were started, other than views and room for results.
    streams : PretendStreams
        What they were started on.
    memory_stats : dict
        What is counted of its memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Passage] = []
        self.went: list[Passage] = []
        self.launched = 0
        self.streams = PretendStreams()
        self.memory_stats = {"num_alloc_retries": 0}
        self._whole: set[object] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        comes_there = any(isinstance(one, OnGpu) for one in _leaves((args, kwargs)))
        if not comes_there and not is_there(kwargs.get("device")):
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
        return self.placed(func, (args, kwargs), _compute(func, args, kwargs))

    def placed(self, func, arguments, made):
        """Write down where tensors were made, and from what; refuse races."""
        origins = [
            one.origin
            for one in _leaves(arguments)
            if isinstance(one, OnGpu) and self.streams.know(one.origin)
        ]
        if isinstance(func, torch._ops.OpOverload) and _is_view(func) and origins:
            origin = origins[0]
        else:
            origin = self.streams.current.launch(func, origins)
        for one in _leaves(made):
            if isinstance(one, OnGpu):
                one.origin = origin
        return made

    def _watch(self, func, args, kwargs) -> None:
        self.launched += not (_is_view(func) or func in _NOT_LAUNCHED)
        goes_home = kwargs.get("device") == HOST
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
    goes_home = kwargs.get("device") == HOST
    here = {**kwargs, "device": HOST} if "device" in kwargs else kwargs
    found = func(*values_of(args), **values_of(here))
    if _is_in_place(func):
        return args[0]
    if goes_home:
        return found
    return each(_on_gpu, found)


def refuse_strangers(func, arguments) -> None:
    """Refuse what lies on the host; numbers alone may, as on a real device."""
    for one in _leaves(arguments):
        is_here = isinstance(one, Tensor) and not isinstance(one, OnGpu)
        assert not is_here or one.dim() == 0, f"{func} met a tensor of the host"


def values_of(arguments):
    return each(lambda one: one.values if isinstance(one, OnGpu) else one, arguments)


def _on_gpu(one):
    return OnGpu(one) if isinstance(one, Tensor) else one


def each(change, arguments):
    """Change what lies in lists, tuples and dictionaries."""
    if isinstance(arguments, dict):
        return {name: each(change, one) for name, one in arguments.items()}
    if type(arguments) in (list, tuple):
        return type(arguments)(each(change, one) for one in arguments)
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


def is_there(one) -> bool:
    """Whether something names the device, or what stands for it."""
    if isinstance(one, str):
        return one.startswith(_KINDS)
    return isinstance(one, torch.device) and one.type in (*_KINDS, STAND_IN.type)
