import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.positions import choose_positions
from napari_sam2.io.masks import (
    load_mask,
    load_mask_prompts,
    load_placed_mask_prompts,
    read_labels,
)
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.writing.png_labels import davis_palette

LABELS = np.zeros((3, 8, 9), np.uint16)
LABELS[0, 1:3, 1:4] = 4
LABELS[2, 5:7, 5:8] = 4
LABELS[2, 0, 0] = 12


@pytest.fixture
def stack(tmp_path):
    options = {"photometric": "rgb", "planarconfig": "separate"}  # as old tifffile does
    tifffile.imwrite(tmp_path / "stack.tif", LABELS, **options)
    return tmp_path / "stack.tif"


@pytest.fixture
def black_and_white(tmp_path):
    Image.fromarray((LABELS[0] > 0).astype(np.uint8) * 255).save(tmp_path / "bw.png")
    return tmp_path / "bw.png"


def test_an_object_of_a_label_stack_is_found_on_its_frame(stack):
    np.testing.assert_array_equal(load_mask(stack, 2, 12).mask, LABELS[2] == 12)
    np.testing.assert_array_equal(load_mask(stack, 0, 4).mask, LABELS[0] == 4)


@pytest.mark.parametrize("dtype", ["?", "u1", "u2", "f4"])
def test_a_plain_mask_serves_any_object_and_frame(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "m.tif", (LABELS[0] > 0).astype(dtype))
    found = load_mask(tmp_path / "m.tif", 17, 5)
    np.testing.assert_array_equal(found.mask, LABELS[0] > 0)


def test_a_black_and_white_picture_is_a_mask(black_and_white):
    np.testing.assert_array_equal(load_mask(black_and_white, 3, 5).mask, LABELS[0] > 0)
    (prompt,) = load_mask_prompts(black_and_white, frame=3)
    assert (prompt.object_id, prompt.frame, prompt.packed.area) == (1, 3, 6)


def test_a_mask_may_have_an_alpha_channel(tmp_path):
    mask = (LABELS[0] > 0).astype(np.uint8) * 255
    opaque = np.dstack([mask, np.full_like(mask, 255)])
    Image.fromarray(opaque, "LA").save(tmp_path / "a.png")
    (prompt,) = load_mask_prompts(tmp_path / "a.png")
    np.testing.assert_array_equal(prompt.packed.mask, LABELS[0] > 0)


def test_an_object_that_is_not_there_is_explained(stack):
    with pytest.raises(PromptError, match=r"object 5 on frame 2.*4, 12"):
        load_mask(stack, 2, 5)
    with pytest.raises(PromptError, match="it is empty"):
        load_mask(stack, 1, 4)
    with pytest.raises(PromptError, match="Frame 3 does not exist"):
        load_mask(stack, 3, 4)


def test_every_painted_object_and_frame_of_a_stack_is_a_prompt(stack):
    prompts = load_mask_prompts(stack)
    assert [(p.object_id, p.frame) for p in prompts] == [(4, 0), (4, 2), (12, 2)]
    np.testing.assert_array_equal(prompts[1].packed.mask, LABELS[2] == 4)


def test_one_frame_of_a_stack_may_be_taken_alone(stack):
    prompts = load_mask_prompts(stack, 2)
    assert [(p.object_id, p.frame) for p in prompts] == [(4, 2), (12, 2)]
    with pytest.raises(PromptError, match="empty on frame 1"):
        load_mask_prompts(stack, 1)
    with pytest.raises(PromptError, match="Frame 3 does not exist"):
        load_mask_prompts(stack, 3)


@pytest.mark.parametrize("name", ["missing.tif", "text.tif"])
def test_a_mask_that_cannot_be_read_is_explained(tmp_path, name):
    (tmp_path / "text.tif").write_text("hello")
    with pytest.raises(PromptError, match=name):
        load_mask(tmp_path / name, 0, 1)
    with pytest.raises(PromptError, match=name):
        load_mask_prompts(tmp_path / name)


def test_an_empty_mask_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((8, 9), np.uint8))
    with pytest.raises(PromptError, match="empty"):
        load_mask_prompts(tmp_path / "m.tif")


def test_colour_and_fractions_are_no_labels(tmp_path):
    Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(tmp_path / "rgb.png")
    tifffile.imwrite(tmp_path / "half.tif", np.full((8, 9), 0.5, np.float32))
    with pytest.raises(StackError, match="colour picture"):
        read_labels(tmp_path / "rgb.png")
    with pytest.raises(StackError, match="float32"):
        read_labels(tmp_path / "half.tif")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1.5, 0.5])
def test_numbers_that_are_no_objects_are_found_on_every_frame(tmp_path, wrong):
    labels = LABELS.astype(np.float32)
    labels[1, 4, 4] = wrong
    tifffile.imwrite(tmp_path / "a.tif", labels)
    for read in (
        lambda: load_mask_prompts(tmp_path / "a.tif"),
        lambda: load_mask(tmp_path / "a.tif", 1, 4),
        lambda: load_mask_prompts(tmp_path / "a.tif", 1),
    ):
        with pytest.raises(PromptError, match=rf"Frame 1 of .*a\.tif .* {wrong}, "):
            read()
    found = load_mask(tmp_path / "a.tif", 2, 12)
    np.testing.assert_array_equal(found.mask, LABELS[2] == 12)


def test_numbers_that_are_no_objects_are_found_at_every_position(tmp_path):
    labels = np.zeros((3, 4, 8, 9), np.float32)
    labels[2, 1, 4, 4] = np.nan
    metadata = {"axes": "TZYX"}
    tifffile.imwrite(tmp_path / "a.tif", labels, metadata=metadata)
    tifffile.imwrite(tmp_path / "i.tif", labels + 1, metadata=metadata)
    image = stack_frames(open_stack(tmp_path / "i.tif"), "z", at={"t": 0})
    positions = choose_positions(image.stack.axes, [("t", None)])
    with pytest.raises(PromptError, match=r"Frame 1 of .*a\.tif .* nan, "):
        load_placed_mask_prompts(tmp_path / "a.tif", image, positions)


def indexed(path, labels):
    """Save labels as DAVIS does: indices, seen in the colours of a palette."""
    picture = Image.fromarray(labels.astype(np.uint8)).convert("L")
    picture.putpalette(davis_palette())
    picture.save(path)


def test_indexed_pictures_are_labels_and_their_colours_do_not_matter(tmp_path):
    for frame in range(3):
        indexed(tmp_path / f"{frame:05d}.png", LABELS[frame])
    frames = read_labels(tmp_path)
    assert len(frames) == 3
    for frame in (2, 0, 1):
        np.testing.assert_array_equal(frames[frame], LABELS[frame])
    np.testing.assert_array_equal(read_labels(tmp_path / "00002.png")[0], LABELS[2])
    prompts = load_mask_prompts(tmp_path)
    assert [(p.object_id, p.frame) for p in prompts] == [(4, 0), (4, 2), (12, 2)]


@pytest.mark.parametrize("greys", [(0, 255), (0, 128), (90, 200)])
def test_masks_with_a_palette_are_never_inside_out(tmp_path, greys):
    """Programs order the two colours of a palette as they like."""
    mask = np.zeros((20, 30), np.uint8)
    mask[4:12, 5:15] = 1
    darker, brighter = greys
    for name, palette in (("a", [darker, brighter]), ("b", [brighter, darker])):
        levels = palette + [palette[0]] * 3  # some fill them up
        picture = Image.fromarray(mask if palette[1] == brighter else 1 - mask)
        picture.putpalette([level for level in levels for _ in "rgb"])
        picture.save(tmp_path / f"{name}.png")
    np.testing.assert_array_equal(load_mask(tmp_path / "b.png", 0, 1).mask, mask)
    for frame in read_labels(tmp_path)[0], read_labels(tmp_path)[1]:
        np.testing.assert_array_equal(frame, mask)


@pytest.mark.parametrize("shade", [0, 255])
def test_masks_that_palettes_are_made_for_are_as_they_look(tmp_path, shade):
    """An empty mask has black alone; one that covers everything, white alone."""
    looks = np.full((20, 30), shade, np.uint8)
    Image.fromarray(looks).convert("RGB").quantize(2).save(tmp_path / "0.png")
    looks[4:12, 5:15] = 255
    Image.fromarray(looks).convert("RGB").quantize(2).save(tmp_path / "1.png")
    for frame in range(2):
        shown = np.asarray(Image.open(tmp_path / f"{frame}.png").convert("L")) > 0
        np.testing.assert_array_equal(read_labels(tmp_path)[frame], shown)


def test_greys_that_begin_with_white_are_taken_as_they_look(tmp_path):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = Image.fromarray(ramp)
    picture.putpalette([level for level in range(255, -1, -1) for _ in "rgb"])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png")[0], 255 - ramp)


def test_labels_in_greys_and_colours_keep_their_numbers(tmp_path):
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    for name, palette in (
        ("greys", [0] * 3 + [90] * 3 + [200] * 3),
        ("white", [0] * 3 + [255] * 3 + [255, 0, 0]),
        ("on white", [255] * 3 + [0] * 3 + [255, 0, 0]),
    ):
        picture = Image.fromarray(labels)
        picture.putpalette(palette)
        picture.save(tmp_path / f"{name}.png")
        np.testing.assert_array_equal(read_labels(tmp_path / f"{name}.png")[0], labels)


def test_masks_in_nifti_are_read_slice_by_slice(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    labels = np.zeros((5, 8, 9), np.uint8)  # slices, rows, columns
    labels[2, 3:5, 4:7] = 3
    nibabel.save(nibabel.Nifti1Image(labels.T, np.eye(4)), tmp_path / "a.nii.gz")
    frames = read_labels(tmp_path / "a.nii.gz")
    assert len(frames) == 5
    np.testing.assert_array_equal(frames[2], labels[2])
