"""Where results lie in space: where the pixels do that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.positions import NOWHERE
from napari_sam2.io.reading.opened import as_affine

if TYPE_CHECKING:
    from napari_sam2.core.positions import Positions
    from napari_sam2.io.reading.opened import Affine
    from napari_sam2.io.reading.stack_frames import StackFrames


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
    matrix = np.array(stack.affine)
    for axis, index in frames.layout.fixed:
        name = stack.axes[axis].name
        if name in "xyz" and axis not in positions.indices:
            matrix[:, 3] += matrix[:, "xyz".index(name)] * index
    return as_affine(matrix)
