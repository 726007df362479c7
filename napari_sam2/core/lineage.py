"""Which object came of which: cells that divide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Descent:
    """Where an object came from.

    Attributes
    ----------
    parent : int
        The object that divided.
    frame : int
        The first frame on which its daughters are seen, and it is not.
    """

    parent: int
    frame: int
