"""The frames of a project's image at all of its positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.axes import find_axis
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.positions import Positions
from napari_sam2.io.reading.stack_frames import frames_at

if TYPE_CHECKING:
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.project.values import StackGeometry


def all_frames(frames: StackFrames, geometry: StackGeometry) -> FrameSource:
    """Return the frames of all positions; themselves where there is but one.

    Parameters
    ----------
    frames : StackFrames
        From :func:`napari_sam2.project.image.open_image`.
    geometry : StackGeometry
    """
    positions = positions_in(frames, geometry)
    if not positions.axes:
        return frames
    return AllFrames(positions, lambda one: frames_at(frames, positions, one))


def positions_in(frames: StackFrames, geometry: StackGeometry) -> Positions:
    """Return the positions of a project in its image, whose axes may be others now."""
    axes = frames.stack.axes
    indices = geometry.layout.positions
    if [axis.size for axis in axes[: len(geometry.axes)]] != [
        axis.size for axis in geometry.axes
    ]:
        indices = tuple(find_axis(axes, geometry.axes[axis].name) for axis in indices)
    found = tuple(axes[index] for index in indices)
    spans = tuple(range(axis.size) for axis in found)
    return Positions(found, indices, spans, (0,) * len(found))
