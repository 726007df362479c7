"""Data coordinates of layers to (frame, (y, x)) and back: the single place for it.

Coordinates are those of the image layer's array, pixel centres at integers; what a
layer's scale, translation or rotation makes of them is napari's business alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from napari.components import Dims
    from napari.layers import Layer

    from napari_sam2.core.frames.layout import FrameLayout
    from napari_sam2.core.frames.numbers import FrameNumbers

PointYx = tuple[float, float]
# The number of no frame, where a point lies beside all positions.
_BESIDE = -1


@dataclass(frozen=True, slots=True)
class FrameSpace:
    """Where the frames of a session lie among the axes of an image layer.

    Attributes
    ----------
    layout : FrameLayout
        Axes as indices into the layer's data coordinates.
    shape : tuple of int
        Length of every axis; colour samples do not count.
    names : tuple of str
        Name of every axis, for sentences.
    channel : int
        Where points are put along an axis of channels; all of them count.
    """

    layout: FrameLayout
    shape: tuple[int, ...]
    names: tuple[str, ...]
    channel: int = 0

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def numbers(self) -> FrameNumbers:
        """How the frames of all positions are counted."""
        return self.layout.numbers(self.shape)

    @property
    def frame_count(self) -> int:
        """Number of frames at all positions; 1 for a single picture."""
        return self.numbers.count

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of a frame in pixels."""
        rows, columns = self.layout.plane
        return self.shape[rows], self.shape[columns]

    def frame_of(self, point: Sequence[float]) -> int:
        """Return the frame that a point, in data coordinates, lies on.

        The frame may not exist: points can lie beside the stack.
        """
        axis = self.layout.frame
        frame = 0 if axis is None else nearest(point[axis])
        if not self.layout.positions:
            return frame
        position = tuple(nearest(point[axis]) for axis in self.layout.positions)
        found = self.numbers.join(position, frame)
        return _BESIDE if found is None else found

    def nearest_frame(self, point: Sequence[float]) -> int:
        """Return the frame that a point lies on, or the nearest one there is."""
        at = list(point)
        for axis in (*self.layout.positions, self.layout.frame):
            if axis is not None:
                at[axis] = min(max(point[axis], 0.0), self.shape[axis] - 1.0)
        return self.frame_of(at)

    def frame_place(self, frame: int) -> dict[int, int]:
        """Return the index of a frame along its axis, and along those of positions."""
        position, index = self.numbers.split(frame)
        place = dict(zip(self.layout.positions, position, strict=True))
        return (
            place if self.layout.frame is None else place | {self.layout.frame: index}
        )

    def describe_frame(self, frame: int) -> str:
        """Name a frame as users say it: "frame 3", "frame 3 at T = 2"."""
        position, index = self.numbers.split(frame)
        named = zip(self.layout.positions, position, strict=True)
        at = ", ".join(f"{self.names[a].upper()} = {n}" for a, n in named)
        return f"frame {index} at {at}" if at else f"frame {index}"

    def to_frame(self, point: Sequence[float]) -> tuple[int, PointYx]:
        """Return the frame and (y, x) of a point in data coordinates.

        Raises
        ------
        PromptError
            If the point lies beside the part of the stack that is tracked.
        """
        for axis, index in self.layout.fixed:
            if nearest(point[axis]) != index:
                raise PromptError(
                    f"This lies at {self.names[axis].upper()} = {nearest(point[axis])},"
                    f" but objects are followed at {self.names[axis].upper()} = "
                    f"{index}: move there, or choose that plane."
                )
        rows, columns = self.layout.plane
        return self.frame_of(point), (float(point[rows]), float(point[columns]))

    def to_data(self, frame: int, point_yx: PointYx) -> tuple[float, ...]:
        """Return the data coordinates of (y, x) on a frame."""
        point = [0.0] * self.ndim
        if self.layout.channel is not None:
            point[self.layout.channel] = float(self.channel)
        for axis, index in self.layout.fixed:
            point[axis] = float(index)
        for axis, index in self.frame_place(frame).items():
            point[axis] = float(index)
        rows, columns = self.layout.plane
        point[rows], point[columns] = point_yx
        return tuple(point)

    def box_of(
        self, vertices: npt.NDArray[np.floating]
    ) -> tuple[int, tuple[float, float, float, float]]:
        """Return the frame and (y0, x0, y1, x1) of a rectangle's vertices, (N, D).

        Raises
        ------
        PromptError
            If it does not lie on one frame.
        """
        found = [self.to_frame(vertex) for vertex in np.asarray(vertices).tolist()]
        if len({frame for frame, _ in found}) > 1:
            rows, columns = (self.names[axis].upper() for axis in self.layout.plane)
            raise PromptError(
                "This box does not lie on one frame: draw boxes in the view that "
                f"shows {rows} and {columns}."
            )
        yx = np.array([point_yx for _, point_yx in found])
        (y0, x0), (y1, x1) = yx.min(axis=0).tolist(), yx.max(axis=0).tolist()
        return found[0][0], (y0, x0, y1, x1)

    def rectangle(
        self, frame: int, box_yxyx: tuple[float, float, float, float]
    ) -> npt.NDArray[np.float64]:
        """Return the corners of a box in data coordinates, (4, D)."""
        y0, x0, y1, x1 = box_yxyx
        corners = (y0, x0), (y0, x1), (y1, x1), (y1, x0)
        return np.array([self.to_data(frame, corner) for corner in corners])

    def label_shape(self) -> tuple[int, ...]:
        """Return the shape of the label array: one index along all other axes."""
        kept = {self.layout.frame, *self.layout.plane, *self.layout.positions}
        return tuple(n if i in kept else 1 for i, n in enumerate(self.shape))

    def label_offset(self) -> tuple[int, ...]:
        """Return the data coordinates of the label array's first element."""
        fixed = dict(self.layout.fixed)
        return tuple(fixed.get(axis, 0) for axis in range(self.ndim))

    def shows_frames(self, dims: Dims) -> bool:
        """Whether the view shows whole frames, so that one is displayed at a time."""
        extra = dims.ndim - self.ndim
        axes = (*self.layout.positions, self.layout.frame)
        return not any(a is not None and a + extra in dims.displayed for a in axes)

    def in_shown_channel(self, layer: Layer, dims: Dims) -> FrameSpace:
        """Return this with points put into the channel that the viewer shows."""
        axis = self.layout.channel
        if axis is None:
            return self
        at = layer.world_to_data(dims.point[-layer.ndim :])[axis]
        return replace(self, channel=min(max(nearest(at), 0), self.shape[axis] - 1))

    def displayed_frame(self, layer: Layer, dims: Dims) -> int | None:
        """Return the frame that the viewer shows; None where it cuts across frames.

        Parameters
        ----------
        layer : Layer
            One in these data coordinates.
        dims : Dims
            The viewer's.
        """
        if not self.shows_frames(dims):
            return None
        return self.frame_of(layer.world_to_data(dims.point))


def nearest(coordinate: float) -> int:
    """Return the index whose pixel a coordinate lies in; halves go up.

    Raises
    ------
    PromptError
        If the coordinate is not finite.
    """
    if not math.isfinite(coordinate):
        raise PromptError(
            f"{coordinate} is no place in the image: give finite numbers."
        )
    return math.floor(coordinate + 0.5)
