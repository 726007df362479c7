"""Frames that fade, shown as bright as the first one: a slow gain, the same every time.

Dyes fade as 1/e per so many frames. One such rate is fitted to a whole stack, so the
correction cannot flicker, and a few bright frames, of an object that fills them, do not
move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.intensity import sample_frames
from napari_sam2.core.frames.passed import LikeFrames

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource

_FEWEST_SAMPLES = 3
_LARGEST_GAIN = 20.0
# Less than this over the whole stack is left alone: a constant stack is never touched.
_LEAST_LOSS = np.log(1.05)
# How far the samples may lie from the fit, as a share of the whole loss.
_WORST_MISFIT = 0.15


@dataclass(frozen=True, slots=True)
class Fading:
    """How one channel fades.

    Attributes
    ----------
    offset : float
        Intensity without light, which does not fade.
    rate : float
        Loss per frame: what is above the offset falls as ``exp(-rate * frame)``.
    """

    offset: float
    rate: float

    def gain(self, frame: int) -> float:
        """Return what makes a frame as bright as the first one."""
        return float(min(np.exp(self.rate * frame), _LARGEST_GAIN))


@dataclass(frozen=True, slots=True, eq=False)
class SteadyFrames(LikeFrames):
    """Frames of a stack that fades, as bright as the first one: a ``FrameSource``.

    Made by :func:`correct_bleaching`.

    Attributes
    ----------
    frames : FrameSource
        The stack as it is.
    fading : tuple of Fading
        One per channel.
    time : int or None
        The time that all frames are of; None where the frames themselves are times.
    """

    frames: FrameSource
    fading: tuple[Fading, ...]
    time: int | None = None

    def __len__(self) -> int:
        """Count the frames."""
        return len(self.frames)

    def __getitem__(self, frame: int, /) -> npt.NDArray[np.float32]:
        """Read one frame, (H, W) or (H, W, 3), and brighten it.

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        pixels = self.frames[frame].astype(np.float32)
        channels = pixels.reshape(*pixels.shape[:2], -1)
        for number, fading in enumerate(self.fading):
            channel = channels[..., number]
            channel -= np.float32(fading.offset)
            channel *= np.float32(fading.gain(self._time(frame)))
            channel += np.float32(fading.offset)
        return pixels

    def _time(self, frame: int) -> int:
        return frame if self.time is None else self.time

    @property
    def _like(self) -> FrameSource:
        return self.frames

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels: float32."""
        return np.dtype(np.float32)

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures: never."""
        return False


def correct_bleaching(frames: FrameSource) -> FrameSource:
    """Brighten the frames of a stack that fades.

    A dozen frames (of large ones three) are read. Intensities that lie on no steady
    decline, as of a stack that is constant or has one bright spell, are left alone, and
    so are losses of less than 5 % over the stack.

    Parameters
    ----------
    frames : FrameSource
        Grey frames or picked channels.

    Returns
    -------
    FrameSource
        ``frames`` itself when nothing fades.

    Raises
    ------
    StackError
        If the frames are colour pictures.
    FrameError
        If none of the frames can be read.
    """
    return steady(frames, find_fading(frames))


def steady(
    frames: FrameSource, fading: tuple[Fading, ...], time: int | None = None
) -> FrameSource:
    """Brighten frames by a fading that is known; themselves where nothing fades.

    Parameters
    ----------
    frames : FrameSource
    fading : tuple of Fading
        One per channel.
    time : int, optional
        The time that all these frames are of; by default each is a time.
    """
    is_fading = any(one.rate for one in fading)
    return SteadyFrames(frames, fading, time) if is_fading else frames


def find_fading(frames: FrameSource) -> tuple[Fading, ...]:
    """Return how each channel of a stack fades, as :func:`correct_bleaching` does it.

    Raises
    ------
    StackError
        If the frames are colour pictures.
    FrameError
        If none of the frames can be read.
    """
    if frames.is_rgb:
        raise StackError(
            "Bleaching is corrected in fluorescence channels, and these frames are "
            "colour pictures: pick the channels, or leave the correction out."
        )
    samples = sample_frames(frames)
    places = np.array([place for place, _ in samples], np.float64)
    count = samples[0][1].shape[1]
    return tuple(
        _fading(places, [pixels[:, channel] for _, pixels in samples], len(frames))
        for channel in range(count)
    )


def _fading(
    places: npt.NDArray[np.float64], samples: list[npt.NDArray[np.float64]], count: int
) -> Fading:
    finite = [values[np.isfinite(values)] for values in samples]
    if len(places) < _FEWEST_SAMPLES or not all(values.size for values in finite):
        return Fading(0.0, 0.0)
    dark, bright = np.array([np.percentile(values, (1, 99)) for values in finite]).T
    # A background that fades as well is light; one that does not is the camera's.
    offset = 0.0 if _rate(places, dark, count) else float(np.median(dark))
    return Fading(offset, _rate(places, bright - offset, count))


def _rate(
    places: npt.NDArray[np.float64], levels: npt.NDArray[np.float64], count: int
) -> float:
    """Fit a decline to levels by the median slope of all pairs; 0 if there is none."""
    if levels.min() <= 0:
        return 0.0
    logs = np.log(levels)
    early, late = np.triu_indices(len(places), 1)
    slopes = (logs[late] - logs[early]) / (places[late] - places[early])
    rate = -float(np.median(slopes))
    loss = rate * (count - 1)
    straight = logs + rate * places
    misfit = float(np.median(np.abs(straight - np.median(straight))))
    return rate if loss >= _LEAST_LOSS and misfit <= _WORST_MISFIT * loss else 0.0
