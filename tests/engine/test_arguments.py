"""Arguments are what users write, and what is none is told at once, in a sentence."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

import napari_sam2
from napari_sam2 import (
    FramePrompts,
    ImagePredictor,
    IntensityLimits,
    MaskPrompt,
    PlacedPrompt,
    PointPrompt,
    Quality,
    Sam2Error,
    TrackerOptions,
    VideoTracker,
    WindowOptions,
    array_stack,
    load_model,
    open_stack,
    track_stack,
)
from tests.miniature import seeded_model

STACK = np.zeros((3, 20, 20), np.uint16)
CLICK = PointPrompt(1, 0, (7, 7))


@pytest.fixture(scope="module")
def model():
    return seeded_model()


def test_every_public_name_is_there():
    assert all(hasattr(napari_sam2, name) for name in napari_sam2.__all__)


def test_limits_are_given_as_a_pair(model):
    tracker = VideoTracker(model, STACK, limits=(0, 3000))
    assert tracker.limits == IntensityLimits((0.0,), (3000.0,))


@pytest.mark.parametrize("limits", [(3000, 0), 5, (1, 2, 3), "ab"])
def test_what_are_no_limits_is_told_at_once(model, limits):
    with pytest.raises(Sam2Error, match="limits"):
        VideoTracker(model, STACK, limits=limits)
    with pytest.raises(Sam2Error, match="limits"):
        track_stack(
            array_stack(STACK, "zyx"),
            [CLICK],
            partial(VideoTracker, model),
            axes=["z"],
            limits=limits,
        )


def test_a_quality_is_given_by_its_name():
    assert TrackerOptions(quality="fast").quality.recent_frames == 2
    assert load_model("nano", device="cpu", quality="fast").config.image_size == 128
    with pytest.raises(Sam2Error, match="choose one of exact"):
        load_model("nano", quality="quick")


def test_other_options_are_told_at_once(model):
    with pytest.raises(Sam2Error, match="TrackerOptions"):
        VideoTracker(model, STACK, options={"window": "off"})
    with pytest.raises(Sam2Error, match="WindowOptions"):
        TrackerOptions(window="off")


def test_volumes_are_not_taken_for_channels(model):
    volumes = np.zeros((3, 20, 20, 20), np.uint8)
    with pytest.raises(Sam2Error, match="use track_stack"):
        VideoTracker(model, volumes)
    with pytest.raises(Sam2Error, match="20 channels"):
        ImagePredictor(model, volumes[0])
    assert VideoTracker(model, volumes, channels=(0,)).frames.shape_hw == (20, 20)


def test_channels_are_several_numbers(model):
    with pytest.raises(Sam2Error, match="channels=\\(1,\\)"):
        VideoTracker(model, np.zeros((3, 20, 20, 2), np.uint8), channels=1)


def test_a_stack_with_axes_is_not_an_array(model):
    with pytest.raises(Sam2Error, match=r"stack\.array"):
        VideoTracker(model, array_stack(STACK, "zyx"))


def test_probabilities_are_no_mask():
    with pytest.raises(Sam2Error, match=r"mask > 0\.5"):
        MaskPrompt(1, 0, np.full((4, 4), 0.3))
    assert MaskPrompt(1, 0, np.eye(4, dtype=np.float32)).mask.sum() == 4


@pytest.mark.parametrize(
    "prompt",
    [(1, 2), [CLICK], None, FramePrompts(((7, 7),), (True,)), PlacedPrompt(CLICK)],
)
def test_one_prompt_is_added_at_a_time(model, prompt):
    tracker = VideoTracker(model, STACK)
    with pytest.raises(Sam2Error, match="give one PointPrompt, BoxPrompt or Mask"):
        tracker.add(prompt)
    with pytest.raises(Sam2Error, match="give one PointPrompt, BoxPrompt or Mask"):
        PlacedPrompt(prompt)
    assert tracker.object_ids == ()


@pytest.mark.parametrize("prompts", [(1, 2), [CLICK], CLICK, None])
def test_what_is_said_on_a_frame_is_given_as_one(model, prompts):
    with pytest.raises(Sam2Error, match="give FramePrompts"):
        VideoTracker(model, STACK).set_prompts(1, 0, prompts)


@pytest.mark.parametrize("prompts", [(7, 7), CLICK])
def test_a_point_in_an_image_is_named(model, prompts):
    with pytest.raises(Sam2Error, match=r"give point_yx=\(y, x\)"):
        ImagePredictor(model, STACK[0]).predict(prompts)


@pytest.mark.parametrize("network", ["nano", None, STACK, torch.nn.Identity()])
def test_a_name_is_no_model(network):
    for make in (partial(VideoTracker, network), partial(ImagePredictor, network)):
        with pytest.raises(Sam2Error, match=r"what load_model\('nano'\) returns"):
            make(STACK if make.func is VideoTracker else STACK[0])


@pytest.mark.parametrize("name", [None, 3, torch.nn.Identity(), ["nano"]])
def test_a_model_has_a_name_or_a_path(name):
    with pytest.raises(Sam2Error, match="give a name, such as 'nano'"):
        load_model(name)


@pytest.mark.parametrize("choice", [{"device": None}, {"backend": "jax"}])
def test_what_computes_has_a_name(choice):
    with pytest.raises(Sam2Error, match=r"is no device|no backend 'jax'"):
        load_model("nano", **choice)


@pytest.mark.parametrize("path", [None, 3, STACK, ["a.tif"]])
def test_a_stack_is_opened_by_its_path(path):
    with pytest.raises(Sam2Error, match="give the name of a file or a folder"):
        open_stack(path)


@pytest.mark.parametrize("choice", [{"series": "a"}, {"level": None}, {"level": 1.5}])
def test_series_and_levels_are_counted(choice, tmp_path):
    with pytest.raises(Sam2Error, match="give a whole number, such as"):
        open_stack(tmp_path, **choice)


@pytest.mark.parametrize("tensor", [torch.zeros(3, 9, 9), torch.zeros(3, 9, 9).bool()])
def test_tensors_are_made_arrays_by_who_has_them(model, tensor):
    for take in (partial(VideoTracker, model), partial(array_stack, names="zyx")):
        with pytest.raises(Sam2Error, match=r"tensor\.numpy\(\)"):
            take(tensor)


@pytest.mark.parametrize("array", [None, [[1]], "a.tif", array_stack(STACK, "zyx")])
def test_only_arrays_are_given_axes(array):
    with pytest.raises(Sam2Error, match="is no array: give"):
        array_stack(array, "zyx")


@pytest.mark.parametrize(
    ("names", "scales"),
    [
        (None, None), (["z", "y", "x"], None), ("z1x", None),
        ("zyx", (1, 2, 3)), ("zyx", {"z": "a"}),
    ],
)  # fmt: skip
def test_axes_have_letters_and_sizes(names, scales):
    with pytest.raises(Sam2Error, match=r"one letter for each|numbers by axis"):
        array_stack(STACK, names, scales)


@pytest.mark.parametrize("stack", [STACK, "a.tif", None])
def test_the_axes_of_a_stack_have_names(model, stack):
    with pytest.raises(Sam2Error, match=r"give array_stack\(array, \"tzyx\"\)"):
        track_stack(stack, [CLICK], partial(VideoTracker, model), axes=["z"])


def test_a_model_makes_no_trackers(model):
    stack, tracker = array_stack(STACK, "zyx"), VideoTracker(model, STACK)
    for maker in (model, "nano", VideoTracker, tracker, None):
        with pytest.raises(Sam2Error, match=r"partial\(VideoTracker, load_model"):
            track_stack(stack, [CLICK], maker, axes=["z"])


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({"prompts": CLICK}, "give several"),
        ({"prompts": [(7, 7)]}, "give one PointPrompt"),
        ({"prompts": []}, "give at least one prompt"),
        ({"axes": None}, 'axes=\\["z"\\]'),
        ({"axes": []}, 'axes=\\["z"\\]'),
        ({"axes": ["z", 0]}, 'axes=\\["z"\\]'),
        ({"axes": [None]}, "its name or its number"),
        ({"every": None}, 'every=\\["t"\\]'),
        ({"at": ("y", 1)}, 'at={"t": 1}'),
        ({"at": {"y": "b"}}, "give 0 to 19"),
        ({"token": True}, r"CancelToken\(\)"),
    ],
)
def test_what_is_tracked_is_told_apart_at_once(model, changed, advice):
    said = {"prompts": [CLICK], "axes": ["z"], **changed}
    make_tracker = partial(VideoTracker, model)
    with pytest.raises(Sam2Error, match=advice):
        track_stack(array_stack(STACK, "zyx"), make_tracker=make_tracker, **said)


def test_objects_are_listed(model):
    tracker = VideoTracker(model, STACK)
    tracker.add(CLICK)
    with pytest.raises(Sam2Error, match=r"objects=\[1\]"):
        tracker.propagate(objects=1)
    for wrong in ([[1]], "1", [1, "a"]):
        with pytest.raises(Sam2Error, match="object numbers are whole numbers"):
            tracker.propagate(objects=wrong)
    for ask in (tracker.prompts, tracker.remove_object):
        with pytest.raises(Sam2Error, match="object numbers are whole numbers"):
            ask([1])
    with pytest.raises(Sam2Error, match=r"CancelToken\(\)"):
        tracker.propagate(token=True)
    assert len(tracker.plan(objects=[1, 1])) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: IntensityLimits(0, 1),
        lambda: IntensityLimits(("a",), ("b",)),
        lambda: TrackerOptions(history_frames="many"),
        lambda: TrackerOptions(feature_cache_bytes=-1),
        lambda: TrackerOptions(hole_area=float("nan")),
        lambda: TrackerOptions(group_size=0),
        lambda: TrackerOptions(allow_overlaps="no"),
        lambda: WindowOptions(mode="small"),
        lambda: Quality("half", size_share="half"),
        lambda: Quality("few", recent_frames=1.5),
        lambda: FramePrompts(points_yx=None),
        lambda: FramePrompts(((1, 2),), positive=True),
        lambda: PlacedPrompt(CLICK, 3),
    ],
)
def test_values_are_checked_where_they_are_made(make):
    with pytest.raises(Sam2Error, match=r"(give|choose one of) "):
        make()
