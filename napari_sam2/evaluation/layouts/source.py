"""A stack that was found, and is opened when its turn comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class Source:
    """A stack with its true masks on disk.

    Attributes
    ----------
    name : str
        What the stack is called in tables.
    open : callable
        Opens it, without reading pixels; raises StackError if it is not in order.
    """

    name: str
    open: Callable[[], Truth]
