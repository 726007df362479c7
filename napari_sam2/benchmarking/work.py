"""What a computation computes and moves, counted without computing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one call.

    Attributes
    ----------
    flops : int
        Floating-point operations of matrix products, convolutions and attentions, two
        for a multiplication with its addition.
    nbytes : int
        Bytes that its operators read and write, if each of them runs by itself.
    """

    flops: int
    nbytes: int

    def over(self, count: int) -> Work:
        """Return the share of one of so many that it was done for."""
        return Work(self.flops // count, self.nbytes // count)


def count_work(call: Callable[[], Any], itemsize: int = 4) -> Work:
    """Count the work of a call.

    Parameters
    ----------
    call : callable
        Computes with tensors on the device ``meta``, so that nothing is really done.
    itemsize : int, optional
        Bytes of a number where it will be done; in the call, it is 4.
    """
    with (
        torch.inference_mode(),
        FlopCounterMode(display=False) as counter,
        _Traffic() as traffic,
    ):
        call()
    return Work(counter.get_total_flops(), traffic.nbytes * itemsize // 4)


class _Traffic(TorchDispatchMode):
    """Adds up what goes into operators and comes out of them."""

    def __init__(self) -> None:
        super().__init__()
        self.nbytes = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Count one operator; views move nothing."""
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            leaves = tree_leaves((args, kwargs, result))
            self.nbytes += sum(
                _held(leaf) for leaf in leaves if isinstance(leaf, torch.Tensor)
            )
        return result


def _held(tensor: torch.Tensor) -> int:
    """Return the bytes of a tensor; what is repeated by a view is there only once."""
    return min(tensor.nbytes, tensor.untyped_storage().nbytes())
