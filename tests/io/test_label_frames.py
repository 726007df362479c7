"""Labels of a whole image lie as it does, whichever axis is followed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.positions import choose_positions
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.masks import load_mask_prompts, load_placed_mask_prompts
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.arrays import array_stack
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames

SIDE = 6
OBLIQUE = np.array(
    [[0.9, 0.1, 0.0, -20.0], [-0.1, 0.9, 0.2, 7.0], [0.0, -0.2, 2.0, 3.0], [0, 0, 0, 1]]
)


def cube(**axes):
    """Return (T,) Z, Y, X labels of a cube in which each voxel is a number apart."""
    labels = np.arange(SIDE**3, dtype=np.uint16).reshape((SIDE,) * 3)
    return np.stack([labels, labels[::-1]]) if axes else labels


def write(path, labels, names):
    options = {"metadata": {"axes": names.upper()}} if names else {}
    tifffile.imwrite(path, labels, **options)
    return path


@pytest.mark.parametrize("names", ["zyx", ""])
@pytest.mark.parametrize(("axis", "turned"), [("z", 0), ("y", 1), ("x", 2)])
def test_labels_of_a_volume_are_cut_along_the_axis_that_is_followed(
    tmp_path, names, axis, turned
):
    labels = cube()
    path = write(tmp_path / "labels.tif", labels, names)
    image = stack_frames(array_stack(labels, "zyx"), axis)
    frames = read_labels(path, image)
    for frame in range(SIDE):
        np.testing.assert_array_equal(frames[frame], image[frame])
        np.testing.assert_array_equal(frames[frame], labels.take(frame, turned))


def test_a_seed_on_one_plane_prompts_the_frame_of_that_plane(tmp_path):
    labels = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    labels[1:4, 3, 2:5] = 7
    path = write(tmp_path / "seed.tif", labels, "zyx")
    image = stack_frames(array_stack(labels, "zyx"), "y")
    (prompt,) = load_mask_prompts(path, image=image)
    assert (prompt.object_id, prompt.frame) == (7, 3)
    np.testing.assert_array_equal(prompt.packed.mask, labels[:, 3] == 7)


def test_so_is_the_mask_that_a_prompt_file_names(tmp_path):
    labels = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    labels[1:4, 3, 2:5] = 7
    write(tmp_path / "seed.tif", labels, "zyx")
    (tmp_path / "p.json").write_text(
        '{"version": 1, "objects": [{"id": 7, "prompts":'
        ' [{"frame": 3, "mask": "seed.tif"}]}]}'
    )
    image = stack_frames(array_stack(labels, "zyx"), "y")
    (prompt,) = read_prompts(tmp_path / "p.json", image).prompts
    np.testing.assert_array_equal(prompt.packed.mask, labels[:, 3] == 7)


def test_masks_of_a_prompt_file_are_those_of_their_position(tmp_path):
    labels = np.zeros((2, SIDE, SIDE, SIDE), np.uint8)
    labels[0, 3, 1:3, 1:3] = labels[1, 3, 2:6, 2:6] = 7
    write(tmp_path / "seed.ome.tif", labels, "tzyx")
    (tmp_path / "p.json").write_text(
        '{"version": 1, "objects": [{"id": 7, "prompts":'
        ' [{"at": {"t": 1}, "frame": 3, "mask": "seed.ome.tif"}]}]}'
    )
    stack = array_stack(labels, "tzyx")
    image = stack_frames(stack, "z", at={"t": 0})
    positions = choose_positions(stack.axes, [("t", None)])
    (placed,) = read_prompts(tmp_path / "p.json", image, positions).placed
    assert placed.at == {"t": 1}
    np.testing.assert_array_equal(placed.prompt.packed.mask, labels[1, 3] == 7)


def test_labels_of_all_times_are_those_of_the_time_or_slice_that_frames_stay_at(
    tmp_path,
):
    labels = cube(t=2)
    path = write(tmp_path / "labels.ome.tif", labels, "tzyx")
    stack = array_stack(labels, "tzyx")
    for axis, at in (("z", {"t": 1}), ("t", {"z": 2}), ("x", {"t": 1})):
        image = stack_frames(stack, axis, at=at)
        frames = read_labels(path, image)
        assert len(frames) == len(image)
        np.testing.assert_array_equal(frames[1], image[1])


def test_labels_without_time_are_one_frame_through_time_and_serve_any_volume(tmp_path):
    labels = cube()
    path = write(tmp_path / "labels.tif", labels, "zyx")
    stack = array_stack(cube(t=2), "tzyx")
    through_time = read_labels(path, stack_frames(stack, "t", at={"z": 2}))
    assert len(through_time) == 1
    np.testing.assert_array_equal(through_time[0], labels[2])
    along_z = read_labels(path, stack_frames(stack, "z", at={"t": 1}))
    np.testing.assert_array_equal(along_z[4], labels[4])


def test_labels_of_one_volume_prompt_the_first_position(tmp_path):
    seed = np.zeros((SIDE, SIDE, SIDE), np.uint8)
    seed[2, 1:4, 1:4] = 5
    path = write(tmp_path / "seed.tif", seed, "zyx")
    stack = array_stack(cube(t=2), "tzyx")
    positions = choose_positions(stack.axes, [("t", None)])
    image = stack_frames(stack, "z", at={"t": 0})
    (placed,) = load_placed_mask_prompts(path, image, positions)
    assert (placed.at, placed.prompt.frame) == ({}, 2)


def test_channels_of_the_image_are_not_looked_for_in_labels(tmp_path):
    labels = cube()
    path = write(tmp_path / "labels.tif", labels, "zyx")
    stack = array_stack(np.stack([labels, labels], axis=1), "zcyx")
    image = stack_frames(stack, "y", (1,))
    np.testing.assert_array_equal(read_labels(path, image)[2], labels[:, 2])


def test_a_stack_of_another_size_is_one_of_frames(tmp_path):
    path = write(tmp_path / "labels.tif", cube()[:4], "zyx")
    image = stack_frames(array_stack(cube(), "zyx"), "y")
    np.testing.assert_array_equal(read_labels(path, image)[1], cube()[1])


def test_labels_with_more_axes_must_be_as_large_as_the_image(tmp_path):
    path = write(tmp_path / "labels.ome.tif", cube(t=2), "tzyx")
    stack = array_stack(np.stack([cube()] * 3), "tzyx")
    positions = choose_positions(stack.axes, [("t", None)])
    image = stack_frames(stack, "z", at={"t": 0})
    with pytest.raises(PromptError, match=r"T \(2\).*T \(3\).*as large"):
        load_placed_mask_prompts(path, image, positions)


@pytest.fixture
def scan(tmp_path):
    """Write a scan of no even size, and return its voxels along x, y, z."""
    nibabel = pytest.importorskip("nibabel")
    voxels = np.arange(4 * 5 * SIDE, dtype=np.int16).reshape(4, 5, SIDE)
    nibabel.save(nibabel.Nifti1Image(voxels, OBLIQUE), tmp_path / "scan.nii.gz")
    return voxels


def save_turned(path, voxels, order, flipped):
    """Save the same volume, as another program would: voxels run in other ways."""
    nibabel = pytest.importorskip("nibabel")
    ways = [[axis, -1 if axis in flipped else 1] for axis in range(3)]
    image = nibabel.Nifti1Image(voxels, OBLIQUE)
    turned = [[order.index(axis), way] for axis, way in ways]
    nibabel.save(image.as_reoriented(np.array(turned, float)), path)


@pytest.mark.parametrize("axis", "zyx")
@pytest.mark.parametrize(
    ("order", "flipped"),
    [((0, 1, 2), ()), ((0, 1, 2), (0,)), ((0, 1, 2), (0, 1, 2)), ((2, 0, 1), (1, 2))],
)
def test_voxels_that_run_in_other_ways_are_turned_into_the_space_of_the_image(
    tmp_path, scan, axis, order, flipped
):
    save_turned(tmp_path / "seed.nii.gz", scan, order, flipped)
    image = stack_frames(open_stack(tmp_path / "scan.nii.gz"), axis)
    frames = read_labels(tmp_path / "seed.nii.gz", image)
    assert len(frames) == len(image)
    for frame in range(len(image)):
        np.testing.assert_array_equal(frames[frame], image[frame])


def test_voxels_that_lie_elsewhere_are_refused(tmp_path, scan):
    nibabel = pytest.importorskip("nibabel")
    image = stack_frames(open_stack(tmp_path / "scan.nii.gz"))
    for change in ((0, 3, 1.5), (2, 2, 2.5), (0, 1, 0.4)):
        affine = OBLIQUE.copy()
        affine[change[:2]] += change[2]
        nibabel.save(nibabel.Nifti1Image(scan, affine), tmp_path / "seed.nii")
        with pytest.raises(StackError, match=r"seed\.nii lies elsewhere.*scan"):
            read_labels(tmp_path / "seed.nii", image)
        with pytest.raises(PromptError, match="lies elsewhere"):
            load_mask_prompts(tmp_path / "seed.nii", image=image)


def test_rounded_headers_and_those_that_say_nothing_do_not_matter(tmp_path, scan):
    nibabel = pytest.importorskip("nibabel")
    image = stack_frames(open_stack(tmp_path / "scan.nii.gz"))
    plain = np.eye(4), np.diag([2.0, 2.0, 3.0, 1]), np.diag([-1.0, -1.0, 1, 1]), None
    for affine in (np.round(OBLIQUE, 2) + 0.01, *plain):
        nibabel.save(nibabel.Nifti1Image(scan, affine), tmp_path / "seed.nii")
        frames = read_labels(tmp_path / "seed.nii", image)
        np.testing.assert_array_equal(frames[3], image[3])


def test_labels_of_one_time_lie_where_the_volumes_of_a_series_do(tmp_path, scan):
    nibabel = pytest.importorskip("nibabel")
    series = np.stack([scan, scan + 1, scan + 2], axis=-1)
    nibabel.save(nibabel.Nifti1Image(series, OBLIQUE), tmp_path / "series.nii.gz")
    save_turned(tmp_path / "seed.nii.gz", scan, (0, 1, 2), (0,))
    image = stack_frames(open_stack(tmp_path / "series.nii.gz"), "z", at={"t": 0})
    frames = read_labels(tmp_path / "seed.nii.gz", image)
    np.testing.assert_array_equal(frames[2], image[2])


def test_an_affine_that_is_flat_says_nothing(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    voxels = np.arange(4 * 5 * SIDE, dtype=np.int16).reshape(4, 5, SIDE)
    for flat, name in ((OBLIQUE, "seed.nii"), (np.diag([1.0, 0, 1, 1]), "scan.nii")):
        scan = nibabel.Nifti1Image(voxels, None)
        scan.header.set_sform(flat, 1)
        nibabel.save(scan, tmp_path / name)
    image = stack_frames(open_stack(tmp_path / "scan.nii"))
    frames = read_labels(tmp_path / "seed.nii", image)
    np.testing.assert_array_equal(frames[3], image[3])


@pytest.mark.parametrize("names", ["tyx", "cyx"])
def test_the_axis_that_is_left_is_the_one_that_the_image_has_left(tmp_path, names):
    """ImageJ calls slices channels unless it is told."""
    path = write(tmp_path / "labels.ome.tif", cube(), names)
    image = stack_frames(array_stack(cube(), "zyx"), "y")
    np.testing.assert_array_equal(read_labels(path, image)[2], cube()[:, 2])


def test_a_single_slice_is_turned_as_well(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    voxels = np.arange(20, dtype=np.int16).reshape(4, 5, 1)
    affine = OBLIQUE.copy()
    image = nibabel.Nifti1Image(voxels, affine)
    nibabel.save(image, tmp_path / "scan.nii")
    turned = image.as_reoriented(np.array([[0, -1], [1, 1], [2, 1.0]]))
    nibabel.save(turned, tmp_path / "seed.nii")
    frames = stack_frames(open_stack(tmp_path / "scan.nii"))
    labels = read_labels(tmp_path / "seed.nii", frames)
    np.testing.assert_array_equal(labels[0], frames[0])


def test_labels_that_are_cut_across_their_pages_are_read_once(tmp_path):
    path = tmp_path / "labels.tif"
    options = {"metadata": {"axes": "ZYX"}, "compression": "zlib"}
    tifffile.imwrite(path, cube(), **options)
    image = stack_frames(array_stack(cube(), "zyx"), "x")
    frames = read_labels(path, image)
    assert isinstance(frames.stack.array, np.ndarray)
    np.testing.assert_array_equal(frames[3], cube()[:, :, 3])
