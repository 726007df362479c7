"""Generated frames: what they show does not change how long it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import check_frame

if TYPE_CHECKING:
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

BYTES = as_limits(0, 255)
"""Black and white of these frames."""

PICTURE_COUNT = 32
"""Distinct pictures; after these, the motion begins again without a jump."""

_DISCS = 16
_RADIUS = 0.07
_STEPS_YX = (0.7548776662, 0.5698402910)  # spreads any number of places evenly
_MARGIN = 0.1


def place_yx(index: int) -> tuple[float, float]:
    """Return where the object of an index is on frame 0, as fractions of the image."""
    y, x = ((0.5 + index * step) % 1 for step in _STEPS_YX)
    return _MARGIN + (1 - 2 * _MARGIN) * y, _MARGIN + (1 - 2 * _MARGIN) * x


def picture(t: int, size: int) -> Picture:
    """Draw frame ``t``, (S, S, 3): discs that circle on a textured background."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    base = 0.4 + 0.1 * np.sin(9 * x + 5 * y) + 0.05 * np.cos(31 * x * y)
    image = np.stack([base, 0.9 * base, 1.1 * base], axis=-1)
    phase = 2 * np.pi * t / PICTURE_COUNT
    for index in range(_DISCS):
        centre_y, centre_x = place_yx(index)
        down, right = 0.02 * np.sin(phase + index), 0.02 * np.cos(phase + index)
        inside = np.hypot(x - centre_x - right, y - centre_y - down) < _RADIUS
        image[inside] = (0.9, 0.06 * index, 0.8 - 0.05 * index)
    return (image.clip(0, 1) * 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class GeneratedFrames:
    """A stack of any length, of which every picture is drawn once.

    Parameters
    ----------
    count : int
        Frames.
    size : int
        Height and width in pixels.
    """

    count: int
    size: int
    _drawn: dict[int, Picture] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Count the frames."""
        return self.count

    def __getitem__(self, frame: int, /) -> Picture:
        """Return a frame, (S, S, 3)."""
        check_frame(frame, self.count)
        t = frame % PICTURE_COUNT
        if t not in self._drawn:
            self._drawn[t] = picture(t, self.size)
        return self._drawn[t]

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self.size, self.size

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Type of the pixels."""
        return np.dtype(np.uint8)

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures: they are."""
        return True

    def point_yx(self, object_id: int) -> tuple[float, float]:
        """Return where an object is clicked on frame 0, in pixels."""
        y, x = place_yx(object_id - 1)
        return y * self.size, x * self.size
