"""J of every object on every frame as one small picture: a row each, a column each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.scores import MethodScore

# From bad to good; told apart with any kind of colour vision, and in grey.
_STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_COLOURS = np.array(
    [(140, 20, 40), (214, 96, 60), (250, 205, 120), (110, 175, 200), (30, 80, 150)],
    float,
)
START_COLOUR = (128, 124, 134)


def colour_of(j: float) -> tuple[int, int, int]:
    """Return the colour of a J, from dark red, 0, over yellow to blue, 1."""
    channels = (np.interp(j, _STOPS, _COLOURS[:, k]) for k in range(3))
    red, green, blue = (round(float(value)) for value in channels)
    return red, green, blue


def draw_strip(score: MethodScore, todo: Assignment) -> npt.NDArray[np.uint8]:
    """Draw J by object and frame, the objects with the lowest mean on top.

    Returns
    -------
    ndarray of uint8, shape (objects, frames, 4)
        A pixel per object and frame, with opacity: nothing before an object starts, or
        where its mask is not known. The frame on which it starts is grey.
    """
    frames = todo.frames
    strip = np.zeros((len(score.objects), len(frames), 4), np.uint8)
    by_quality = sorted(score.objects, key=lambda one: (one.j, one.object_id))
    for row, one in enumerate(by_quality):
        for frame in one.frames:
            colour = START_COLOUR if frame.is_start else colour_of(frame.j)
            strip[row, frame.frame - frames.start] = (*colour, 255)
    return strip
