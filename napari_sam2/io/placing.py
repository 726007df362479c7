"""Where results lie in space: where the pixels that they are of do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.io.opened import as_affine

if TYPE_CHECKING:
    from napari_sam2.io.opened import Affine
    from napari_sam2.io.stack import StackFrames


def affine_of(frames: StackFrames) -> Affine | None:
    """Return the affine of results along x, y and z; None where none is known.

    It is the image's, moved to the slice at which frames stay.
    """
    stack = frames.stack
    if stack.affine is None:
        return None
    matrix = np.array(stack.affine)
    for axis, index in frames.layout.fixed:
        name = stack.axes[axis].name
        if name in "xyz":
            matrix[:, 3] += matrix[:, "xyz".index(name)] * index
    return as_affine(matrix)
