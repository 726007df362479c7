"""How objects come to positions where they are not prompted."""

from __future__ import annotations

from typing import Literal, TypeAlias

SeedMode: TypeAlias = Literal["follow", "masks", "boxes", "none"]
"""An object is followed from the neighbour on one frame, as through time, and where it
is found, it is prompted with the mask that was found, or with its mask at the neighbour
as it is, or the box around that; or it does not come."""
