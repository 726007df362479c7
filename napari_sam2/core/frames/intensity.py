"""How stored intensities become what the model sees: one range for the whole stack.

A range per frame would make brightness flicker, and the tracker would follow the
flicker instead of the object.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.hounsfield import SOFT_TISSUE, is_hounsfield
from napari_sam2.core.given import check_given

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource

_LOG = logging.getLogger(__name__)
_SAMPLED_FRAMES = 12
# Of large frames fewer are read, so that the first click need not wait for a dozen.
_FEWEST_FRAMES = 3
_SAMPLED_BYTES = 1 << 27
_SAMPLED_PIXELS_PER_FRAME = 1 << 16
_SHOWN = (0.1, 99.9)  # percentiles
_BAND_PIXELS = 1 << 15


@dataclass(frozen=True, slots=True)
class IntensityLimits:
    """Intensities shown as black and as white, per channel.

    Parameters
    ----------
    low, high : tuple of float
        One value for all channels, or one for each of the three that are shown.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that every range is finite and the right way round."""
        for ends in (self.low, self.high):
            advice = "give numbers, such as low=(0,), high=(4000,)"
            check_given(ends, Sequence, "sequence of limits", advice, StackError)
            for end in ends:
                check_given(end, Real, "intensity", advice, StackError)
        if len(self.low) != len(self.high) or len(self.low) not in (1, 3):
            raise StackError(
                "Intensity limits are one LOW,HIGH pair, or one pair for each of the "
                "three channels shown."
            )
        for low, high in zip(self.low, self.high, strict=True):
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise StackError(
                    f"The intensity limits {low:g} to {high:g} are no range: the first "
                    "must be smaller than the second, and both finite."
                )

    def to_unit(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Map intensities to 0 (low) … 1 (high), clipped.

        NaN and minus infinity become 0, infinity becomes 1.

        Parameters
        ----------
        pixels : ndarray, shape (H, W) or (H, W, 3)

        Returns
        -------
        ndarray of float32, same shape
        """
        if pixels.dtype.kind not in "bui" or pixels.dtype.itemsize > 2:
            return self._computed(pixels)
        if pixels.ndim == 2 or len(self.low) == 1:
            return _looked_up(pixels, _table(self.low[0], self.high[0], pixels.dtype))
        unit = np.empty(pixels.shape, np.float32)
        for channel, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            table = _table(low, high, pixels.dtype)
            unit[..., channel] = _looked_up(pixels[..., channel], table)
        return unit

    def _computed(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        low = np.array(self.low, np.float64)
        if not self._fits_single:
            return self._computed_in_doubles(pixels)
        with np.errstate(over="ignore", invalid="ignore"):  # settled below
            scale = 1.0 / (np.array(self.high, np.float64) - low)
            if pixels.ndim == 2:
                low, scale = low[:1], scale[:1]
            if pixels.dtype.kind == "f" and pixels.dtype.itemsize <= 4:
                unit = pixels.astype(np.float32)
                unit -= low.astype(np.float32)
            else:  # wide integers and doubles lose digits as float32 before this
                unit = (pixels.astype(np.float64) - low).astype(np.float32)
            unit *= scale.astype(np.float32)
        np.nan_to_num(unit, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        return np.clip(unit, 0.0, 1.0, out=unit)

    @property
    def _fits_single(self) -> bool:
        """Whether neither the limits nor what is between them leave float32."""
        ends = np.array([self.low, self.high])
        span = ends[1] / 2 - ends[0] / 2  # twice of which may be more than a double
        numbers = np.finfo(np.float32)
        return bool((np.abs(ends) < numbers.max).all() and (span > numbers.tiny).all())

    def _computed_in_doubles(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        ends = np.array([self.low, self.high]) / 2
        low, high = ends[:, :1] if pixels.ndim == 2 else ends
        with np.errstate(over="ignore", invalid="ignore"):
            unit = (pixels.astype(np.float64) / 2 - low) / (high - low)
        np.nan_to_num(unit, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        clipped: npt.NDArray[np.float64] = np.clip(unit, 0.0, 1.0)
        return clipped.astype(np.float32)


@lru_cache(maxsize=16)
def _table(low: float, high: float, dtype: np.dtype[Any]) -> npt.NDArray[np.float32]:
    """Return what every value of a small integer type becomes, by its bits.

    There are at most 65,536 of them, and a frame has millions of pixels.
    """
    bits = np.arange(1 << 8 * dtype.itemsize, dtype=f"u{dtype.itemsize}")
    return as_limits(low, high)._computed(bits.view(dtype))


def _looked_up(
    pixels: npt.NDArray[Any], table: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Look pixels up in bands: whole, they would become indices of 8 bytes each."""
    bits, unit = pixels.view(f"u{pixels.itemsize}"), np.empty(pixels.shape, np.float32)
    rows = max(1, _BAND_PIXELS * len(pixels) // max(1, pixels.size))
    for first in range(0, len(pixels), rows):
        band = slice(first, first + rows)
        np.take(table, bits[band], out=unit[band], mode="clip")
    return unit


def as_limits(low: float, high: float) -> IntensityLimits:
    """Return one range for all channels."""
    return IntensityLimits((float(low),), (float(high),))


def given_limits(
    limits: IntensityLimits | tuple[float, float] | None,
) -> IntensityLimits | None:
    """Return limits as they were given, or of one (low, high) pair.

    Raises
    ------
    StackError
        If they are neither, or no range.
    """
    if limits is None or isinstance(limits, IntensityLimits):
        return limits
    try:
        low, high = map(float, limits)
    except (TypeError, ValueError):
        raise StackError(
            f"{limits!r} are no intensity limits: give a pair (low, high), or "
            "IntensityLimits."
        ) from None
    return as_limits(low, high)


def estimate_limits(frames: FrameSource) -> IntensityLimits:
    """Estimate a robust range from frames spread over the stack.

    Eight-bit colour is shown as it is, 0 to 255, and a single channel of computed
    tomography in Hounsfield units as readers look at soft tissue. Of anything else the
    darkest and the brightest 0.1 per cent are cut off, in a dozen frames (of large ones
    three), thinned to 65,536 pixels each; not-finite pixels and frames that cannot be
    read do not count.

    Parameters
    ----------
    frames : FrameSource
        The stack; only a dozen of its frames are read.

    Returns
    -------
    IntensityLimits
        One range for grey and colour pictures; one per channel for picked channels.

    Raises
    ------
    FrameError
        If none of the frames can be read.
    """
    if frames.is_rgb and frames.dtype == np.uint8:
        return as_limits(0, 255)
    values = np.concatenate([pixels for _, pixels in sample_frames(frames)])
    if not np.isfinite(values).any():
        _LOG.warning(
            "None of the intensities that were looked at is a finite number: the model "
            "sees black frames."
        )
    if frames.is_rgb:
        values = values.reshape(-1, 1)
    elif values.shape[1] == 1 and is_hounsfield(values[np.isfinite(values)]):
        return as_limits(*SOFT_TISSUE)
    ranges = [_robust_range(channel) for channel in values.T]
    return IntensityLimits(tuple(r[0] for r in ranges), tuple(r[1] for r in ranges))


def _sample_count(frames: FrameSource) -> int:
    height, width = frames.shape_hw
    size = height * width * frames.dtype.itemsize * (3 if frames.is_rgb else 1)
    affordable = _SAMPLED_BYTES // max(1, size)
    return max(_FEWEST_FRAMES, min(_SAMPLED_FRAMES, affordable))


def sample_frames(
    frames: FrameSource,
) -> list[tuple[int, npt.NDArray[np.float64]]]:
    """Read a few frames spread over a stack; of a broken file, what is left.

    Returns
    -------
    list of (int, ndarray of float64, shape (pixels, channels))
        A dozen frames, of large ones three, thinned to about 65,536 pixels each.

    Raises
    ------
    FrameError
        If none of them can be read.
    """
    picks = np.linspace(0, len(frames) - 1, min(len(frames), _sample_count(frames)))
    samples, problem = [], None
    for pick in picks.round().astype(int).tolist():
        try:
            samples.append((pick, _thin(frames[pick])))
        except FrameError as error:
            problem = error
    if problem is not None and not samples:
        raise problem
    return samples


def _thin(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Take an even grid of pixels, as (pixels, channels)."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    height, width = pixels.shape[:2]
    step = max(1, int(np.sqrt(height * width / _SAMPLED_PIXELS_PER_FRAME)))
    return pixels[::step, ::step].reshape(-1, channels).astype(np.float64)


def _robust_range(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(finite, _SHOWN))
    if low == high:  # nearly all pixels alike: fall back on the full range
        low, high = float(finite.min()), float(finite.max())
    if low == high:
        high = max(low + 1.0, float(np.nextafter(low, np.inf)))
    return low, high
