"""Pictures that were meant to be labels are told, and labels never are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.positions import choose_positions
from napari_sam2.io.doubtful_labels import is_picture
from napari_sam2.io.masks import load_mask_prompts, load_placed_mask_prompts
from napari_sam2.io.reading.arrays import array_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import load_sample, sample_names

SIZE = 48
DICE = np.random.default_rng(5)
ROWS, COLUMNS = np.indices((SIZE, SIZE))
TOLD = "looks like a picture and not like labels"


def smooth(largest: int) -> np.ndarray:
    """A picture without noise: two broad waves on a dark ground."""
    waves = np.sin(ROWS / 5) * np.sin(COLUMNS / 7)
    return np.round(largest * np.clip(waves, 0, 1)).astype(np.uint16)


@pytest.mark.parametrize(
    "picture",
    [
        DICE.integers(0, 256, (SIZE, SIZE), np.uint8),
        DICE.integers(0, 40, (SIZE, SIZE), np.uint8),
        DICE.integers(0, 60000, (SIZE, SIZE)).astype(np.uint16),
        smooth(255),
        smooth(60000),
    ],
)
def test_intensities_are_a_picture(picture):
    assert is_picture(picture)


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((SIZE, SIZE), np.uint8),
        np.eye(SIZE, dtype=np.uint8),
        ROWS // 5 * 10 + COLUMNS // 5 + 1,  # cells of 5 pixels that touch everywhere
        np.where((ROWS % 3 == 0) & (COLUMNS % 3 == 0), ROWS * SIZE + COLUMNS + 1, 0),
        DICE.integers(0, 4, (SIZE, SIZE)),  # classes of pixels
        np.zeros((1, 1), np.uint8),
        np.ones((1, 1), np.uint8),
    ],
)
def test_labels_are_none(labels):
    assert not is_picture(labels)


def test_the_labels_of_the_samples_are_none():
    for sample in map(load_sample, sample_names()):
        labels = [] if sample.labels is None else tifffile.imread(sample.labels)
        assert not any(map(is_picture, labels))


def test_a_file_is_told_once(tmp_path: Path, caplog):
    path = tmp_path / "cells.tif"
    pictures = DICE.integers(0, 256, (3, SIZE, SIZE), np.uint8)
    pictures[0] = 0
    tifffile.imwrite(path, pictures)
    assert len(load_mask_prompts(path)) > 250
    assert caplog.messages == [one for one in caplog.messages if TOLD in one]
    assert len(caplog.messages) == 1
    assert str(path) in caplog.text


def test_so_is_one_of_several_positions(tmp_path: Path, caplog):
    path = tmp_path / "cells.ome.tif"
    pictures = DICE.integers(0, 256, (2, 2, SIZE, SIZE), np.uint8)
    tifffile.imwrite(path, pictures, metadata={"axes": "TZYX"})
    stack = array_stack(pictures, "tzyx")
    image = stack_frames(stack, "z", at={"t": 0})
    positions = choose_positions(stack.axes, [("t", None)])
    assert load_placed_mask_prompts(path, image, positions)
    assert len(caplog.messages) == 1
    assert TOLD in caplog.text
