"""Functions whose steps a GPU does again as a whole: it needs no compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor

Function: TypeAlias = Callable[..., tuple[Tensor, ...]]

_WARM_UPS = 3  # in which libraries set themselves up, and tables are made


class Recorder:
    """Makes graphs of functions on a CUDA device.

    They share the memory for what lies between input and result, and so may only be
    replayed one after the other, on one stream.
    """

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, function: Function) -> Function:
        """Return a function that is recorded when it is called for the first time.

        From then on it takes tensors of the same shapes, and the same of all else. Its
        results are overwritten when it is called again.
        """
        graph: _Graph | None = None

        def run(*arguments: Any) -> tuple[Tensor, ...]:
            nonlocal graph
            if graph is None:
                graph = _Graph(function, arguments, self._pool)
            return graph.replay(arguments)

        return run


class _Graph:
    """The launches of one call, between tensors that stay where they are."""

    def __init__(
        self, function: Function, arguments: tuple[Any, ...], pool: Any
    ) -> None:
        self._function = function  # and with it the weights, which it reads
        self._inputs = tuple(
            one.clone() if isinstance(one, Tensor) else one for one in arguments
        )
        self._warm_up()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._outputs = function(*self._inputs)

    def _warm_up(self) -> None:
        """Call the function on another stream, as recording it will be."""
        main, side = torch.cuda.current_stream(), torch.cuda.Stream()
        side.wait_stream(main)
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                self._function(*self._inputs)
        main.wait_stream(side)

    def replay(self, arguments: tuple[Any, ...]) -> tuple[Tensor, ...]:
        """Compute with other values; the results lie where they always do."""
        for held, given in zip(self._inputs, arguments, strict=True):
            if isinstance(held, Tensor):
                held.copy_(given)
        self._graph.replay()
        return self._outputs
