"""Whether an image is a volume that may be followed along several axes, and which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.recipe import OtherAxis
from napari_sam2.layers.image_axes import is_time

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes
    from napari_sam2.layers.image_source import ImageSource


@dataclass(frozen=True, slots=True)
class VolumeAxes:
    """The axes of a volume that objects may be followed along.

    Attributes
    ----------
    axes : tuple of Axis
        Those of frames, rows and columns.
    problem : str
        Why only the first of them can be followed; empty if all can.
    """

    axes: Axes
    problem: str = ""

    @property
    def others(self) -> tuple[OtherAxis, OtherAxis]:
        """The axes besides the one that frames lie along."""
        return OtherAxis(1, self.axes[1].name), OtherAxis(2, self.axes[2].name)


def volume_axes(source: ImageSource) -> VolumeAxes | None:
    """Return the axes of a volume; None for pictures, and where one axis is time.

    An axis without a name may be depth, so that it counts as such.
    """
    if source.frame_axis is None:
        return None
    axes = source.calibration[-3:]
    if any(map(is_time, axes)) or min(axis.size for axis in axes) < 2:
        return None
    if not source.positions.axes:
        return VolumeAxes(axes)
    return VolumeAxes(axes, _left_to_the_command(axes, source.positions.axes))


def _left_to_the_command(axes: Axes, others: Axes) -> str:
    """Say who fuses volumes of which there is one at each position."""
    names, where = [axis.name for axis in axes], [axis.name for axis in others]
    words = f"--axes {','.join(names)} --fuse --every {','.join(where)}"
    if any(len(name) > 1 for name in (*names, *where)):  # "axis 1": it has none
        words = "--fuse"
    return (
        f"Along {names[0]} only. Volumes at many {' and '.join(where)} are fused by "
        f"the command: track {words}"
    )
