"""Where results lie in space: where the pixels do that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.positions import NOWHERE
from napari_sam2.io.reading.opened import as_affine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_sam2.core.positions import Positions
    from napari_sam2.io.reading.opened import Affine
    from napari_sam2.io.reading.stack_frames import StackFrames

_SPACE = ("x", "y", "z")


def affine_of(frames: StackFrames, positions: Positions = NOWHERE) -> Affine | None:
    """Return the affine of results along x, y and z; None where none is known.

    It is the image's, moved to the slice at which frames stay.

    Parameters
    ----------
    frames : StackFrames
    positions : Positions, optional
        The axes of which results have every position, and not one.
    """
    stack = frames.stack
    if stack.affine is None:
        return None
    names = [axis.name for axis in stack.axes]
    fixed = [one for one in frames.layout.fixed if one[0] not in positions.indices]
    return affine_at(stack.affine, names, fixed)


def affine_at(
    affine: Affine, names: Sequence[str], fixed: Iterable[tuple[int, int]]
) -> Affine:
    """Move an affine to the slice at which frames stay.

    Parameters
    ----------
    affine : tuple of 3 rows of 4 float
        Of the whole volume.
    names : sequence of str
        Of the axes of the image.
    fixed : iterable of (int, int)
        Axes at one index of which frames stay, and that index.
    """
    matrix = np.array(affine)
    for axis, index in fixed:
        if names[axis] in _SPACE:
            matrix[:, 3] += matrix[:, _SPACE.index(names[axis])] * index
    return as_affine(matrix)
