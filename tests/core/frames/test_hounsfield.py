"""CT is recognised by its units, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.frames.hounsfield import SOFT_TISSUE, hides_organs, is_hounsfield
from napari_sam2.core.frames.intensity import (
    IntensityLimits,
    as_limits,
    estimate_limits,
)
from napari_sam2.core.frames.source import ArrayFrames

SHAPE = (6, 40, 40)


def ct(padding: int = -1000, dtype: str = "i2") -> np.ndarray:
    """Return a body of fat and organs with lungs and bones, in a scanner's circle."""
    noise = np.random.default_rng(0).normal(scale=15, size=SHAPE)
    volume = np.full(SHAPE, -1000.0)
    volume[:, 8:32, 8:32] = -90
    volume[:, 12:28, 12:28] = 50
    volume[:, 13:20, 13:20] = -800
    volume[:, 24:27, 18:22] = 900
    volume += noise
    volume[:, :3] = padding
    return volume.astype(dtype)


def noise(kind: str, scale: float) -> np.ndarray:
    return getattr(np.random.default_rng(0), kind)(scale=scale, size=20_000)


@pytest.mark.parametrize("padding", [-32768, -1000, -1024, -2048, -3024])
@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_ct_is_shown_as_soft_tissue_is_looked_at(padding, dtype) -> None:
    volume = ct(padding, dtype)
    assert estimate_limits(ArrayFrames(volume)) == as_limits(*SOFT_TISSUE)


def test_organs_differ_more_than_in_the_whole_range() -> None:
    organs, volume = np.array([[60, 45]], np.int16), ct()
    whole = as_limits(volume.min(), volume.max())
    assert difference(estimate_limits(ArrayFrames(volume)), organs) > 0.03
    assert difference(whole, organs) < 0.01


def difference(limits: IntensityLimits, two: np.ndarray) -> float:
    first, second = limits.to_unit(two)[0]
    return first - second


def test_single_odd_voxels_do_not_hide_ct() -> None:
    volume = ct()
    volume[0, 0, 0], volume[0, 0, 1], volume[0, 0, 2] = -32768, -4000, 32767
    assert is_hounsfield(volume.astype(float).ravel())


def test_a_chest_cut_to_its_lungs_is_ct() -> None:
    shares = {(-1000, 20): 1000, (-840, 60): 6000, (40, 30): 3000}
    rng = np.random.default_rng(0)
    parts = [rng.normal(*peak, size=count) for peak, count in shares.items()]
    assert is_hounsfield(np.concatenate(parts))


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("nothing", np.empty(0)),
        ("counts", np.arange(4096.0)),
        ("CT without its offset", ct() + 1024.0),
        *((f"noise of {n}", noise("normal", n)) for n in (300, 450, 700, 1000, 3000)),
        *((f"differences of {n}", noise("laplace", n)) for n in (200, 300, 600)),
        ("a ramp of both signs", np.linspace(-1000, 1000, 9999)),
        ("phases", np.linspace(-4096, 4095, 9999)),
        ("air alone", np.full(9999, -1000.0)),
        ("tissue alone", np.full(9999, 40.0)),
    ],
)
def test_what_is_no_ct(what, values) -> None:
    assert not is_hounsfield(values.ravel()), what


def test_not_finite_pixels_do_not_hide_ct() -> None:
    volume = ct(dtype="f4")
    volume[:, 0] = np.nan
    assert estimate_limits(ArrayFrames(volume)) == as_limits(*SOFT_TISSUE)


def test_ct_beside_another_channel_is_estimated_as_ever() -> None:
    channels = np.stack([ct(), ct(), ct()], axis=-1)
    low = estimate_limits(ArrayFrames(channels)).low
    assert max(low) < SOFT_TISSUE[0]


@pytest.mark.parametrize(
    ("low", "high", "hides"),
    [
        (-1024, 3071, True),
        (-3024, 1500, True),
        (*SOFT_TISSUE, False),
        (-1000, 400, False),  # lungs
        (-500, 1300, False),  # bones
        (-32768, 32767, False),
        (-4096, 4095, False),  # phases
        (0, 4095, False),
    ],
)
def test_a_range_in_which_organs_are_one_grey(low, high, hides) -> None:
    assert hides_organs(low, high) is hides
