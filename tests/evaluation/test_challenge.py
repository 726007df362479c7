"""Folders as the Cell Tracking Challenge has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.evaluation.assignment import Limits, assign
from napari_sam2.evaluation.layouts.challenge import read_tracks
from napari_sam2.evaluation.layouts.find import find_stacks
from napari_sam2.evaluation.layouts.marked import name_masks
from napari_sam2.evaluation.truth import take_census

SHAPE = (24, 40)
FIRST, SECOND = (slice(2, 12), slice(2, 14)), (slice(13, 22), slice(20, 36))


def write(path: Path, parts: dict[int, tuple[slice, slice]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.zeros(SHAPE, np.uint16)
    for label, part in parts.items():
        image[part] = label
    tifffile.imwrite(path, image)


def middle(part: tuple[slice, slice]) -> tuple[slice, slice]:
    y, x = part
    return slice(y.start + 3, y.start + 6), slice(x.start + 3, x.start + 6)


@pytest.fixture
def cells(tmp_path) -> Path:
    """Two cells, numbered from time 150 on; the second vanishes at the last time."""
    root = tmp_path / "Made-Cells"
    for time in (150, 151, 152, 153):
        both = {7: FIRST, 9: SECOND}
        write(root / "01" / f"t{time}.tif", {80: FIRST, 90: SECOND})
        seen = both if time < 153 else {7: FIRST}
        markers = {label: middle(part) for label, part in seen.items()}
        write(root / "01_GT" / "TRA" / f"man_track{time}.tif", markers)
    (root / "01_GT" / "TRA" / "man_track.txt").write_text("7 150 153 0\n9 150 152 0\n")
    write(root / "01_GT" / "SEG" / "man_seg151.tif", {1: FIRST})  # only one of them
    for time in (150, 151, 153):
        silver = {4: FIRST, 5: SECOND} if time < 153 else {4: FIRST}
        write(root / "01_ST" / "SEG" / f"man_seg{time}.tif", silver)
    return root


def test_masks_take_the_numbers_of_markers_and_gold_goes_before_silver(cells) -> None:
    (source,) = find_stacks(cells)
    assert source.name == "Made-Cells/01"
    truth = source.open()
    assert truth.known == {0, 1, 3}
    assert np.unique(truth.labels[0]).tolist() == [0, 7, 9]
    assert np.unique(truth.labels[1]).tolist() == [0, 7]
    assert set(truth.labels.unclear(1)) == {9}
    assert truth.markers[2].max() == 9


def test_a_cell_without_a_mask_is_unknown_and_one_without_a_marker_gone(cells) -> None:
    truth = find_stacks(cells.parent)[0].open()
    todo = assign(truth, take_census(truth), Limits())
    assert todo.starts == {7: 0, 9: 0}
    assert todo.counted == {7: (1, 3), 9: (3,)}


def test_gold_alone_is_enough(cells) -> None:
    for path in (cells / "01_ST" / "SEG").iterdir():
        path.unlink()
    assert find_stacks(cells)[0].open().known == {1}


def test_masks_and_markers_pair_by_their_largest_overlap() -> None:
    masks = np.array([[1, 1, 1, 2, 2, 0, 3]])
    markers = np.array([[5, 5, 6, 6, 6, 8, 0]])
    labels, unmasked = name_masks(masks, markers)
    assert labels.tolist() == [[5, 5, 5, 6, 6, 0, 0]]
    assert unmasked == {8}


def test_numbers_of_masks_and_markers_may_be_large_and_of_one_mask_there_is_one() -> (
    None
):
    masks = np.array([[4_000_000_000, 4_000_000_000, 9, 9, 9]], np.uint32)
    markers = np.array([[4_100_000_000, 0, 4_100_000_000, 4_100_000_000, 7]], np.uint32)
    labels, unmasked = name_masks(masks, markers)
    assert labels.tolist() == [[0, 0, 4_100_000_000, 4_100_000_000, 4_100_000_000]]
    assert unmasked == {7}


def test_tracks_are_read(tmp_path) -> None:
    path = tmp_path / "man_track.txt"
    path.write_text("1 0 3 0\n2 4 9 1\n3 4 9 1\n\n")
    assert read_tracks(path) == {1: (0, 3, 0), 2: (4, 9, 1), 3: (4, 9, 1)}
    for wrong in ("1 0 3\n", "1 0 3 0 0\n", "1 0 3 x\n"):
        path.write_text(wrong)
        with pytest.raises(StackError, match="each line has four numbers"):
            read_tracks(path)
    with pytest.raises(StackError, match="cannot be read"):
        read_tracks(tmp_path / "nowhere.txt")


def test_a_cell_divides_after_its_last_marker_not_its_last_mask(cells) -> None:
    tracks = cells / "01_GT" / "TRA" / "man_track.txt"
    tracks.write_text("7 150 153 0\n9 150 152 0\n11 153 153 9\n")
    truth = find_stacks(cells)[0].open()
    assert take_census(truth).ends == {9: 2}  # masks end on frame 0


def test_a_sequence_without_masks(cells) -> None:
    for folder in ("01_ST", "01_GT"):
        for path in (cells / folder / "SEG").iterdir():
            path.unlink()
    with pytest.raises(StackError, match="needs markers in"):
        find_stacks(cells)[0].open()


@pytest.mark.parametrize("depth", [3, 4, 7])
def test_volumes_over_time_are_refused(cells, depth) -> None:
    for path in sorted(cells.rglob("*.tif")):
        image = tifffile.imread(path)
        tifffile.imwrite(path, np.stack([image] * depth), photometric="minisblack")
    with pytest.raises(StackError, match="three dimensions over time"):
        find_stacks(cells)[0].open()


def test_labels_in_three_dimensions(cells) -> None:
    tifffile.imwrite(
        cells / "01_GT" / "SEG" / "man_seg151.tif",
        np.zeros((3, *SHAPE), np.uint16),
        photometric="minisblack",
    )
    truth = find_stacks(cells)[0].open()
    with pytest.raises(FrameError, match="is a stack itself"):
        truth.labels[1]
