"""Folders as DAVIS has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.evaluation.assignment import Limits, assign
from napari_sam2.evaluation.layouts.davis import IndexedMasks, read_indexed
from napari_sam2.evaluation.layouts.find import find_stacks
from napari_sam2.evaluation.truth import take_census
from napari_sam2.io.writing.png_labels import davis_palette


def write_indexed(path: Path, labels: np.ndarray) -> None:
    picture = Image.fromarray(labels.astype(np.uint8)).convert("L")
    picture.putpalette(davis_palette())
    picture.save(path)


def sequence(root: Path, name: str, labels: np.ndarray) -> None:
    """Write a sequence whose pictures are grey with bright objects."""
    pictures = root / "JPEGImages" / "480p" / name
    masks = root / "Annotations" / "480p" / name
    pictures.mkdir(parents=True)
    masks.mkdir(parents=True)
    for frame, image in enumerate(labels):
        rgb = np.repeat(60 + 100 * (image > 0)[..., None], 3, axis=2).astype(np.uint8)
        Image.fromarray(rgb).save(pictures / f"{frame:05d}.jpg")
        write_indexed(masks / f"{frame:05d}.png", image)


@pytest.fixture
def davis(tmp_path) -> Path:
    labels = np.zeros((5, 20, 30), np.uint8)
    labels[:, 2:9, 2:12] = 1
    labels[1:, 12:18, 20:24] = 2  # enters, small at first
    labels[1, 14:, :] = 0
    sequence(tmp_path, "bear", labels)
    sequence(tmp_path, "ants", labels[:3])
    return tmp_path


def test_sequences_are_found_with_their_masks(davis) -> None:
    ants, bear = find_stacks(davis)
    assert (ants.name, bear.name) == ("ants", "bear")
    truth = bear.open()
    assert (truth.kind, len(truth.frames), truth.frames.is_rgb) == ("video", 5, True)
    assert np.unique(truth.labels[2]).tolist() == [0, 1, 2]


def test_objects_start_where_they_appear_and_the_last_frame_is_left_out(davis) -> None:
    truth = find_stacks(davis, ["bear"])[0].open()
    todo = assign(truth, take_census(truth), Limits())
    assert todo.starts == {1: 0, 2: 1}
    assert todo.counted == {1: (1, 2, 3), 2: (2, 3)}


def test_frames_without_a_mask_are_unknown(davis) -> None:
    for name in ("00001.png", "00003.png"):
        (davis / "Annotations" / "480p" / "bear" / name).unlink()
    truth = find_stacks(davis, ["bear"])[0].open()
    assert truth.known == {0, 2, 4}


def labels_of(folder: Path, *pictures: Image.Image) -> list[list[list[int]]]:
    files = {frame: folder / f"{frame}.png" for frame in range(len(pictures))}
    for frame, picture in enumerate(pictures):
        picture.save(files[frame])
    masks = IndexedMasks(files, np.array(pictures[0]).shape)
    return [masks[frame].tolist() for frame in files]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_black_and_white_masks_show_one_object(tmp_path, mode) -> None:
    white = Image.fromarray(np.array([[0, 255]], np.uint8)).convert(mode)
    assert labels_of(tmp_path, white, white) == [[[0, 1]], [[0, 1]]]


def test_beside_objects_white_is_nothing_on_any_frame(tmp_path) -> None:
    only_white = Image.fromarray(np.array([[0, 0, 255]], np.uint8))
    beside = Image.fromarray(np.array([[0, 3, 255]], np.uint8))
    assert labels_of(tmp_path, only_white, beside) == [[[0, 0, 0]], [[0, 3, 0]]]


def test_masks_in_colour_are_refused(tmp_path) -> None:
    path = tmp_path / "mask.png"
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(path)
    with pytest.raises(FrameError, match="is in colour"):
        read_indexed(path)
    path.write_bytes(b"nothing")
    with pytest.raises(FrameError, match="could not be read"):
        read_indexed(path)


def test_a_mask_of_another_size(davis) -> None:
    path = davis / "Annotations" / "480p" / "bear" / "00001.png"
    write_indexed(path, np.zeros((20, 31)))
    truth = find_stacks(davis, ["bear"])[0].open()
    with pytest.raises(FrameError, match="20 × 31 pixels, but its frame is 20 × 30"):
        truth.labels[1]


def test_masks_that_belong_to_no_picture(davis) -> None:
    masks = davis / "Annotations" / "480p"
    (masks / "cows").mkdir()
    for path in (masks / "ants").iterdir():
        path.rename(path.with_stem(f"mask{path.stem}"))
    ants, _, cows = find_stacks(davis)
    with pytest.raises(StackError, match="is named like a picture"):
        ants.open()
    with pytest.raises(StackError, match="there is no folder"):
        cows.open()
