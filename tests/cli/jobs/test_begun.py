"""What a run was begun with is what it is gone on with."""

from __future__ import annotations

import os

import pytest

from napari_sam2.cli.jobs.begun import (
    Estimates,
    SeenFiles,
    keep_estimates,
    kept_estimates,
    settle_precision,
)
from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames.bleaching import Fading
from napari_sam2.core.frames.intensity import IntensityLimits
from napari_sam2.io.files.unfinished import run_folder


@pytest.fixture
def broken_off(tmp_path):
    """Return what does something in a run that breaks off, or in the one after it."""
    output = tmp_path / "labels.tif"

    def do(something):
        with (
            pytest.raises(KeyboardInterrupt),
            run_folder(output, {}, is_resumed=True) as run,
        ):
            found = something(run)
            run.begin()
            (run.path / "000000.zip").write_bytes(b"finished")
            raise KeyboardInterrupt
        return found

    return do


def test_estimates_are_kept_to_the_last_digit(broken_off) -> None:
    limits = IntensityLimits((0.1, 1 / 3, 0.0), (7.3, 1e300, 2.0))
    fading = Fading(12.345678901234567, 0.1 + 0.2), Fading(0.0, 0.0)
    assert broken_off(kept_estimates) == Estimates()
    broken_off(lambda run: keep_estimates(run, limits, fading))
    assert broken_off(kept_estimates) == Estimates(limits, fading)


def test_estimates_that_were_damaged_are_told(broken_off) -> None:
    broken_off(lambda run: run.settle(limits={"low": [3], "high": [1]}))
    with pytest.raises(OutputError, match="is damaged: remove that folder"):
        broken_off(kept_estimates)


def test_a_run_goes_on_in_the_precision_that_it_was_begun_in(broken_off) -> None:
    def multiplying_in(precision):
        return broken_off(lambda run: settle_precision(run, precision))

    assert multiplying_in("bfloat16") == "bfloat16"
    assert multiplying_in("bfloat16") == "bfloat16"
    with pytest.raises(
        OutputError, match=r"products in another precision \(bfloat16\)"
    ):
        multiplying_in("float32")
    assert multiplying_in(None) is None  # it cannot be known to be another


def test_a_run_that_does_not_say_its_precision_is_accepted(broken_off) -> None:
    broken_off(lambda run: None)
    assert broken_off(lambda run: settle_precision(run, "float32")) is None


def test_files_are_certain_to_be_the_same_while_nobody_writes_them(
    broken_off, tmp_path
) -> None:
    image = tmp_path / "image.tif"
    image.write_bytes(b"pixels")

    def look(run):
        return SeenFiles(run, [image]).are_untouched

    assert not broken_off(look)  # nobody knows them yet
    assert broken_off(look)
    os.utime(image, ns=(1, 1))
    assert not broken_off(look)
    assert not broken_off(look)  # to look at them changes nothing
    broken_off(lambda run: SeenFiles(run, [image]).accept())
    assert broken_off(look)
    image.unlink()
    assert not broken_off(look)
