"""Work beside other work, on GPUs that can do two things at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

Made = TypeVar("Made")


class Started(NamedTuple, Generic[Made]):
    """What was launched on a side stream, and when it can be read elsewhere."""

    made: Made
    done: torch.cuda.Event


class SideStream:
    """A stream of a CUDA device beside the one that everything else is launched on.

    What is started here begins when all is done that was launched before the last
    :meth:`mark`, weights and tables included. What is launched elsewhere after that
    goes on beside it, until it calls for what was made: :meth:`hand_over`.

    Memory that was used here is given to nothing that is launched elsewhere: a device
    has one such stream, :func:`side_stream`, whoever uses it.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)

    @property
    def shortages(self) -> int:
        """How often no memory was free, and what PyTorch holds idle was given back.

        The device is waited for then, and memory fetched anew: as long as what is here
        and what is elsewhere do not fit beside each other, for every batch.
        """
        return int(torch.cuda.memory_stats(self._device).get("num_alloc_retries", 0))

    def mark(self) -> None:
        """Let what is started here wait for what is launched by now, and no more."""
        self._stream.wait_stream(torch.cuda.current_stream(self._device))

    def start(self, make: Callable[[], Made]) -> Started[Made]:
        """Launch here what ``make`` does, uploads included, and do not wait for it."""
        with torch.cuda.stream(self._stream):
            return Started(make(), self._stream.record_event())

    def hand_over(self, done: torch.cuda.Event, tensors: Iterable[Tensor]) -> None:
        """Let what is launched elsewhere from now on use tensors that were made here.

        Once they are let go of, their memory belongs to this stream again: PyTorch is
        told to wait until the other one has read them.

        Parameters
        ----------
        done : Event
            From :meth:`start`.
        tensors : iterable of Tensor
            All of what was made then.
        """
        reader = torch.cuda.current_stream(self._device)
        reader.wait_event(done)
        for tensor in tensors:
            tensor.record_stream(reader)


@cache
def side_stream(device: torch.device) -> SideStream:
    """Return the side stream of a device."""
    return SideStream(device)
