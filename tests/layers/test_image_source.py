from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.source import FrameSource
from napari_sam2.layers.image_axes import guess_frame_axis, image_axes, level_sizes
from napari_sam2.layers.image_source import contrast_limits, image_source
from napari_sam2.layers.layer_frames import LayerFrames


def ramp(*shape):
    return np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_is_cut_along_any_axis(axis):
    data = ramp(5, 6, 7)
    source = image_source(Image(data), axis=axis)
    assert isinstance(source.frames, FrameSource)
    assert len(source.frames) == data.shape[axis] == source.frame_count
    np.testing.assert_array_equal(source.frames[3], np.take(data, 3, axis))
    assert source.frames.shape_hw == source.frames[0].shape == source.shape_hw


@pytest.mark.parametrize("axis", [0, 1])
def test_the_remaining_axis_of_a_hyperstack_is_held(axis):
    data = ramp(4, 5, 6, 7)
    source = image_source(Image(data), axis=axis, at={1 - axis: 2})
    expected = data[1, 2] if axis == 0 else data[2, 1]
    np.testing.assert_array_equal(source.frames[1], expected)
    middle = image_source(Image(data), axis=0).frames[1]
    np.testing.assert_array_equal(middle, data[1, 2])


def test_colour_pictures_are_shown_as_they_are():
    data = np.random.default_rng(0).integers(0, 255, (4, 6, 7, 4), np.uint8)
    frames = image_source(Image(data, rgb=True)).frames
    assert frames.is_rgb
    np.testing.assert_array_equal(frames[2], data[2, ..., :3])
    green = image_source(Image(data, rgb=True), channels=(1,)).frames
    assert not green.is_rgb
    np.testing.assert_array_equal(green[2], data[2, ..., 1])


@pytest.mark.parametrize("colours", [(), (3,)])
def test_a_coarser_level_is_shown_in_the_size_of_the_full_one(colours):
    fine = ramp(4, 6, 8, *colours)
    coarse = fine[:, ::2, ::2] + 1
    layer = Image([fine, coarse], multiscale=True, rgb=bool(colours))
    assert level_sizes(layer) == ((6, 8), (3, 4))
    full, small = image_source(layer), image_source(layer, level=1)
    assert full.frames.level == 0
    np.testing.assert_array_equal(full.frames[3], fine[3])
    assert small.space == full.space
    assert small.shape_hw == small.frames.shape_hw == (6, 8)
    np.testing.assert_array_equal(
        small.frames[3], coarse[3].repeat(2, axis=0).repeat(2, axis=1)
    )
    assert not small.looks_like(full)
    with pytest.raises(StackError, match=r"no level 2\. Its levels are 0: 4 × 6 × 8"):
        image_source(layer, level=2)


def test_images_that_are_no_pyramid_have_no_levels():
    assert level_sizes(Image(ramp(4, 6, 8))) == ()
    with pytest.raises(StackError, match="no level 1"):
        image_source(Image(ramp(4, 6, 8)), level=1)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_channels_are_picked_wherever_their_axis_is(place):
    data = ramp(4, 6, 7)
    stacked = np.stack([data, data + 1000], axis=place)
    labels = ["t", "y", "x"]
    labels.insert(place, "c")
    layer = Image(stacked, axis_labels=labels)
    one = image_source(layer, channels=(1,))
    np.testing.assert_array_equal(one.frames[3], data[3] + 1000)
    both = image_source(layer).frames[3]
    np.testing.assert_array_equal(both[..., 0], data[3])
    np.testing.assert_array_equal(both[..., 1], data[3] + 1000)
    assert both.shape == (6, 7, 3)
    with pytest.raises(StackError, match="Channel 2 does not exist"):
        image_source(layer, channels=(2,))


def test_the_full_resolution_of_a_pyramid_is_taken():
    data = ramp(4, 8, 8)
    layer = Image([data, data[:, ::2, ::2]], multiscale=True)
    source = image_source(layer)
    assert source.shape_hw == (8, 8)
    np.testing.assert_array_equal(source.frames[1], data[1])


def test_a_single_picture_is_one_frame():
    source = image_source(Image(ramp(6, 7)))
    assert source.frame_axis is None
    assert len(source.frames) == 1
    np.testing.assert_array_equal(source.frames[0], ramp(6, 7))


def test_one_frame_of_a_dask_array_is_computed_at_a_time():
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"][0])
        return np.full((1, 6, 7), read[-1])

    lazy = da.map_blocks(block, chunks=((1,) * 5, (6,), (7,)), dtype=int)
    layer = Image(lazy, contrast_limits=(0, 5))
    source = image_source(layer)
    read.clear()
    assert (source.frames[3] == 3).all()
    assert read == [3]


def test_a_frame_that_cannot_be_read_is_told_in_a_sentence():
    def broken(_block):
        raise OSError("disk on fire")

    lazy = da.zeros((3, 4, 5), chunks=(1, 4, 5))
    frames = image_source(Image(lazy, contrast_limits=(0, 1))).frames
    object.__setattr__(frames, "array", lazy.map_blocks(broken, dtype=float))
    with pytest.raises(FrameError, match=r"Frame 1 could not be read.*disk on fire"):
        frames[1]
    with pytest.raises(FrameError, match="Frame 3 does not exist"):
        frames[3]


@pytest.mark.parametrize(
    ("labels", "units", "expected"),
    [
        (("t", "z", "y", "x"), None, 0),
        (("z", "time", "y", "x"), None, 1),
        (("z", "a", "y", "x"), ("um", "s", "um", "um"), 1),
        (("a", "z", "y", "x"), None, 1),
        (("c", "z", "y", "x"), None, 1),
        (None, None, 0),
    ],
)
def test_time_is_guessed_from_names_and_units(labels, units, expected):
    layer = Image(np.zeros((2, 3, 4, 5)), axis_labels=labels, units=units)
    assert guess_frame_axis(image_axes(layer)) == expected


def test_axes_are_named_and_measured():
    layer = Image(
        np.zeros((2, 3, 4)),
        axis_labels=("Time", "y", "x"),
        units=("s", "um", "um"),
        scale=(30, 0.5, 0.25),
    )
    axes = image_axes(layer)
    assert [str(axis) for axis in axes] == ["T (2)", "Y (3)", "X (4)"]
    assert [(axis.scale, axis.unit) for axis in axes] == [
        (30, "second"), (0.5, "micrometer"), (0.25, "micrometer")
    ]  # fmt: skip
    assert image_source(layer).calibration == axes
    unnamed = image_axes(Image(np.zeros((2, 3, 4))))
    assert [(axis.name, axis.unit) for axis in unnamed[1:]] == [("y", ""), ("x", "")]


def test_contrast_limits_become_intensity_limits():
    layer = Image(np.zeros((2, 3, 4)), contrast_limits=(10, 200))
    limits = contrast_limits(image_source(layer))
    assert (limits.low, limits.high) == ((10,), (200,))
    film = Image(np.zeros((2, 3, 4, 3), np.uint8), rgb=True)
    assert contrast_limits(image_source(film)) is None


@pytest.mark.parametrize(
    ("data", "how", "sentence"),
    [
        (np.zeros(5), {}, "A frame needs two axes"),
        (np.zeros((4, 5)), {"axis": 0}, "A frame needs two axes"),
        (np.zeros((3, 4, 5)), {"axis": 7}, "There is no axis 7"),
        (np.zeros((2, 3, 4, 5)), {"axis": 0, "at": {1: 9}}, "has no index 9"),
    ],
)
def test_what_cannot_be_tracked_is_told_in_a_sentence(data, how, sentence):
    with pytest.raises(StackError, match=sentence):
        image_source(_layer(data), **how)


def _layer(data):
    if data.ndim == 1:
        return Image(data[np.newaxis], axis_labels=("c", "x"))
    return Image(data, contrast_limits=(0, 1))


def test_pixels_that_are_no_real_numbers_are_refused():
    layout = image_source(Image(np.zeros((3, 4, 5)))).space.layout
    with pytest.raises(StackError, match="cannot be shown to the model"):
        LayerFrames(np.zeros((3, 4, 5), complex), layout)


def test_contrast_that_follows_the_frame_in_view_is_not_what_the_model_sees():
    pixels = np.arange(4 * 20 * 30, dtype=np.uint16).reshape(4, 20, 30)
    assert contrast_limits(image_source(Image(pixels))) is not None
    image = Image(pixels)
    image.auto_contrast = True
    assert contrast_limits(image_source(image)) is None
