"""The engine on a GPU, by one that is only pretended: see ``pretend_gpu``.

``test_cuda`` asks a real one, where there is one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_sam2.core.prompts import MaskPrompt, PointPrompt
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.masks.from_logits import _bit_values, as_bits
from napari_sam2.engine.objects import stepping
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.predictor import ImagePredictor
from napari_sam2.engine.tracker import VideoTracker
from tests.conftest import discs
from tests.engine.pretend_device import Passage
from tests.engine.pretend_gpu import pretend_gpu
from tests.engine.stacks import BLOB, LIMITS, Generated, session
from tests.miniature import seeded_model

# The scores and where a mask has something, and then the mask.
ANSWERS_PER_FRAME = 2


@pytest.fixture
def gpu():
    with pretend_gpu(rounds=False) as gpu:
        yield gpu


@pytest.fixture
def rounding_gpu():
    with pretend_gpu() as gpu:
        yield gpu


def crowd(model, count: int, frames: int = 4, options=EXACT) -> VideoTracker:
    """Return a session with objects that are all clicked on in the first frame."""
    tracker = VideoTracker(model, Generated(frames), limits=LIMITS, options=options)
    for index in range(count):
        tracker.add(PointPrompt(index + 1, 0, (4 + 4 * index, 6 + 5 * index)))
    return tracker


def corrected(model) -> list:
    """Run a session, correct it by a click and a mask, and run it again."""
    tracker = session(model)
    results = list(tracker.propagate())
    tracker.add(PointPrompt(2, 6, (10, 12), positive=False))
    tracker.add(MaskPrompt(3, 4, BLOB))
    return results + list(tracker.propagate())


@pytest.mark.parametrize("kind", ["cuda", "mps"])
@pytest.mark.parametrize("image_size", [64, 96], ids=["even", "windows are cut"])
def test_masks_are_those_of_the_processor(kind, image_size, monkeypatch) -> None:
    if kind == "mps":  # keeps memories as they are
        monkeypatch.setattr(stepping, "kept_dtype", lambda device: torch.float32)
    model = seeded_model(image_size=image_size)
    here = corrected(model)
    with pretend_gpu(kind, rounds=False):
        there = corrected(model.to(kind))
    assert len(here) == len(there)
    for ours, theirs in zip(here, there, strict=True):
        assert ours.frame == theirs.frame
        np.testing.assert_array_equal(ours.labels(), theirs.labels())
        for one, other in zip(ours, theirs, strict=True):
            assert other.predicted_iou == pytest.approx(one.predicted_iou, abs=1e-5)
            assert other.object_logit == pytest.approx(one.object_logit, abs=1e-4)


def test_an_apple_gpu_leaves_to_the_processor_only_how_frames_are_resized() -> None:
    with pretend_gpu("mps", rounds=False) as gpu:
        tracker = crowd(seeded_model().to("mps"), 2)
        gpu.came.clear()
        frames = len(list(tracker.propagate()))
    assert len(gpu.came) <= (1 + ANSWERS_PER_FRAME) * frames


def test_a_picture_is_answered_as_on_the_processor(miniature, gpu) -> None:
    picture = Generated(1)[0]
    masks = []
    for model in (miniature, seeded_model().to("cuda")):
        predictor = ImagePredictor(model, picture, limits=LIMITS)
        masks.append(predictor.predict(point_yx=(15, 12)))
    here, there = masks
    np.testing.assert_array_equal(here.mask, there.mask)


def test_in_bfloat16_masks_are_nearly_those_of_the_processor(
    nano, rounding_gpu
) -> None:
    stack, labels = discs(3, (64, 80))
    y, x = np.argwhere(labels[0] == 1).mean(axis=0).tolist()
    found = []
    for model in (nano, load_model("nano", device="cuda")):
        tracker = VideoTracker(model, stack)
        tracker.add(PointPrompt(1, 0, (y, x)))
        found.append([result.labels() == 1 for result in tracker.propagate()])
    assert model.precision == "bfloat16"
    for here, there in zip(*found, strict=True):
        assert (here & there).sum() > 0.95 * (here | there).sum() > 0


def test_an_apple_gpu_is_asked_for_no_powers_of_bytes() -> None:
    _bit_values.cache_clear()
    logits = torch.linspace(-1, 1, 16)
    with pretend_gpu("mps", rounds=False) as gpu:
        packed = as_bits([logits.to("mps")]).cpu()
    assert Passage("aten._to_copy.default", torch.uint8, 8) in gpu.went
    assert packed.tolist() == [0, 255]


@pytest.mark.parametrize("objects", [1, 6])
def test_the_host_waits_for_a_frame_twice(gpu, objects) -> None:
    tracker = crowd(seeded_model().to("cuda"), objects)
    gpu.came.clear()
    frames = 0
    for _ in tracker.propagate():
        frames += 1
        assert len(gpu.came) <= ANSWERS_PER_FRAME * frames
    assert frames == 4


def test_the_host_waits_once_more_for_probabilities_of_all_objects(gpu) -> None:
    options = replace(EXACT, keeps_probabilities=True)
    tracker = crowd(seeded_model().to("cuda"), 6, options=options)
    gpu.came.clear()
    results = list(tracker.propagate())
    assert len(gpu.came) <= (ANSWERS_PER_FRAME + 1) * len(results)
    assert all(one.soft is not None for result in results for one in result)


def test_masks_come_down_as_bits(gpu) -> None:
    tracker = crowd(seeded_model().to("cuda"), 6)
    gpu.came.clear()
    results = list(tracker.propagate())
    pixels = sum(one.crop.size for result in results for one in result)
    assert pixels
    masks = gpu.came[ANSWERS_PER_FRAME - 1 :: ANSWERS_PER_FRAME]
    height, width = Generated(1).shape_hw
    most = 6 * len(results) * height * width // 8
    assert {one.dtype for one in masks} == {torch.uint8}
    assert sum(one.nbytes for one in masks) <= most


def test_frames_of_bytes_go_up_as_bytes(gpu) -> None:
    stack, _ = discs(3, (64, 80))
    picture = (255 * (stack / stack.max())).astype(np.uint8)
    tracker = VideoTracker(
        seeded_model().to("cuda"), picture, limits=(0, 255), options=EXACT
    )
    gpu.went.clear()
    tracker.add(PointPrompt(1, 0, (30, 30)))
    list(tracker.propagate())
    frames = [one for one in gpu.went if one.nbytes >= picture[0].size]
    assert len(frames) == len(picture)
    assert {one.dtype for one in frames} == {torch.uint8}


def test_objects_share_the_steps_of_the_network(gpu) -> None:
    """Only what is done with their masks afterwards is done for each of them."""
    model = seeded_model().to("cuda")
    launched = []
    for objects in (1, 8):
        tracker = crowd(model, objects)
        gpu.launched = 0
        list(tracker.propagate())
        launched.append(gpu.launched)
    one, eight = launched
    assert eight < 1.25 * one
