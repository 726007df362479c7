"""Where frames lie in a stack, and results in space: where their pixels do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.positions import NOWHERE
from napari_sam2.io.reading.opened import as_affine

if TYPE_CHECKING:
    from napari_sam2.core.positions import Position, Positions
    from napari_sam2.io.reading.opened import Affine
    from napari_sam2.io.reading.stack_frames import StackFrames


def frames_at(
    frames: StackFrames, positions: Positions, position: Position
) -> StackFrames:
    """Return the frames at another position of the same stack."""
    fixed = dict(frames.layout.fixed)
    fixed |= dict(zip(positions.indices, position, strict=True))
    layout = replace(frames.layout, fixed=tuple(sorted(fixed.items())))
    return replace(frames, layout=layout)


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
