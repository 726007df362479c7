"""What every family of scenes gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

MOST_OBJECTS = 95
"""Of a clip; their ids go up to this, too."""


class Scene(NamedTuple):
    """Drawn clips before the camera.

    Attributes
    ----------
    images : Tensor, shape (B, T, S, S) or (B, T, 3, S, S)
        Grey or colour, on any scale.
    labels : Tensor of int64, shape (B, T, S, S)
        Exact objects, ids kept over time; 0 is everything else.
    """

    images: Tensor
    labels: Tensor
