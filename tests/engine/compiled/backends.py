"""Compilers that stand in for PyTorch's own: they take no time, and can be counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_sam2.engine.compiled.support import Compiler

if TYPE_CHECKING:
    import torch


@dataclass
class Counting:
    """Runs every graph as it is, and counts them.

    Attributes
    ----------
    batches : list of int
        Rows of the first input that is a batch, for every graph.
    """

    batches: list[int] = field(default_factory=list)

    def __call__(self, graph: torch.fx.GraphModule, inputs: list[Any]) -> Any:
        """Take a graph as :func:`torch.compile` gives it."""
        self.batches.append(len(inputs[0]))
        return graph.forward

    def compiler(self) -> Compiler:
        """Return what compiles with it, whether that gains or not."""
        return Compiler(({"backend": self},), least_gain=0.0)
