"""What only a GPU can show: half precision, real shortage of memory, bounds."""

from __future__ import annotations

import logging
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import GpuMemoryError
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.device import apart
from napari_sam2.engine.frames.next_frames import NextFrames
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.masks import from_logits as masks
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model
from tests.conftest import discs
from tests.engine.parity import Run, deviations
from tests.engine.stacks import LIMITS, Generated, course, session
from tests.engine.test_tracker_nano import collect, iou
from tests.golden import reference

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU that speaks CUDA"
)

DEVICE = torch.device("cuda")
MIB = 1 << 20
# With noise for weights the three candidates of a mask are almost equally good;
# rounding may take another one on a frame, which therefore does not count.
HALF_PRECISION = {
    "nano_256": (max, 0.1),
    "sam2.1_t_256": (median, 0.15),
    "sam2.1_bplus_256": (median, 0.15),
}


@pytest.fixture(scope="module")
def nano_there() -> Sam2Model:
    return load_model("nano", device=str(DEVICE))


@pytest.fixture(scope="module")
def tiny() -> Sam2Model:
    """Return a model of full size; shortage of memory does not ask for its weights."""
    with DEVICE:
        return Sam2Model(VARIANTS["sam2.1-tiny"]).eval().requires_grad_(False)


@pytest.fixture
def limit():
    """Let this process have a number of bytes of the GPU's memory."""

    def allow(size: int) -> None:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(DEVICE).total_memory
        torch.cuda.set_per_process_memory_fraction(size / total)

    yield allow
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


@pytest.mark.parametrize("stem", HALF_PRECISION)
def test_half_precision_stays_near_the_reference(stem) -> None:
    run = Run(stem, reference.model(stem).to(DEVICE))
    assert run.tracker.precision == "bfloat16"
    typical, tolerance = HALF_PRECISION[stem]
    assert typical(deviations(run)) < tolerance


def test_masks_are_nearly_those_of_the_processor(nano, nano_there) -> None:
    stack, labels = discs(6, (64, 80))
    found = []
    for model in (nano, nano_there):
        tracker = VideoTracker(model, stack)
        for object_id, frame in ((1, 0), (2, 3)):
            y, x = np.argwhere(labels[frame] == object_id).mean(axis=0).tolist()
            tracker.add(PointPrompt(object_id, frame, (y, x)))
        found.append(collect(tracker))
    here, there = found
    assert sorted(here) == sorted(there) == [*range(6)]
    for frame, image in here.items():
        for object_id in (1, 2):
            assert iou(image == object_id, there[frame] == object_id) > 0.95


def test_masks_come_down_as_bits(nano_there, monkeypatch) -> None:
    sent = []

    def spy(packed, shapes):
        sent.append((packed.nbytes, sum(h * w for h, w in shapes)))
        return unpack(packed, shapes)

    unpack = masks.from_bits
    monkeypatch.setattr(masks, "from_bits", spy)
    results = list(session(nano_there).propagate())
    assert any(one.area for result in results for one in result)
    assert sent
    assert all(size == -(-pixels // 8) for size, pixels in sent)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(5,), (16, 1), (3, 1, 64, 64), (70, 33, 7)])
def test_what_is_parted_are_copies(shape, dtype) -> None:
    batch = torch.randn(shape, device=DEVICE).to(dtype)
    for view in (batch, batch.transpose(0, -1)):
        ones = apart(view)
        wanted = view.clone()
        assert all(one.untyped_storage().nbytes() == one.nbytes for one in ones)
        assert torch.equal(torch.cat(ones), wanted)


def test_bits_are_the_masks(nano_there) -> None:
    drawn = [torch.randn(h, w, device=DEVICE) for h, w in ((7, 5), (0, 0), (3, 9))]
    for ours, logits in zip(masks.positive(drawn), drawn, strict=True):
        np.testing.assert_array_equal(ours, (logits > 0).cpu().numpy())


def test_stopped_and_resumed_is_one_run(nano_there) -> None:
    whole = course(session(nano_there).propagate())
    tracker, token, seen = session(nano_there), CancelToken(), []
    for result in tracker.propagate(token=token):
        seen.append(result)
        if len(seen) == 4:
            token.cancel()
    assert len(seen) == 4
    assert course(seen) + course(tracker.resume()) == whole


def test_frames_that_are_encoded_beside_others_come_out_the_same(
    nano_there, monkeypatch
) -> None:
    taken = []
    take = NextFrames.take

    def counting(self, keys):
        made = take(self, keys)
        taken.append(made is not None)
        return made

    def run() -> list[tuple]:
        return course(session(nano_there, Generated(60)).propagate())

    monkeypatch.setattr(NextFrames, "take", counting)
    beside = [run() for _ in range(3)]
    assert any(taken)
    monkeypatch.setattr(NextFrames, "is_possible", False)
    alone = run()
    assert beside == [alone] * 3


def test_memory_is_flat_while_frames_are_encoded_beside_others(nano_there) -> None:
    options = replace(EXACT, feature_cache_bytes=16 * MIB)
    tracker = VideoTracker(nano_there, Generated(200), limits=LIMITS, options=options)
    assert tracker._parts.beside.is_possible
    tracker.add(PointPrompt(1, 0, (15, 12)))
    held = []
    for index, _ in enumerate(tracker.propagate(direction="forward")):
        if index >= 80:
            held.append(torch.cuda.memory_reserved())
    assert held[-1] - held[0] <= 16 * MIB  # thirty batches would be 60


def test_memory_is_flat(nano_there) -> None:
    options = replace(EXACT, feature_cache_bytes=3 * MIB)  # no room for two batches
    tracker = VideoTracker(nano_there, Generated(150), limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(2, 4, (20, 30)))
    held = []
    for index, _ in enumerate(tracker.propagate(direction="forward")):
        if index in (60, 100, 149):
            held.append(torch.cuda.memory_allocated())
    assert max(held) - min(held) < MIB
    cache = tracker._parts.encoder.cache
    assert len(cache) == 1 or cache.nbytes <= cache.max_bytes


def crowd(model: Sam2Model, count: int) -> VideoTracker:
    options = replace(EXACT, group_size=64)
    tracker = VideoTracker(model, Generated(3), limits=LIMITS, options=options)
    for index in range(count):
        tracker.add(PointPrompt(index + 1, 0, (2 + 2 * index, 3 + 2 * index)))
    return tracker


def peak(model: Sam2Model, count: int) -> int:
    """Return what is needed: what is reserved can be more, and is given back first."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    list(crowd(model, count).propagate())
    return torch.cuda.max_memory_allocated()


def test_a_group_too_large_for_the_memory_is_halved(tiny, limit, caplog) -> None:
    peak(tiny, 1)  # what the libraries keep for themselves
    alone, together = peak(tiny, 1), peak(tiny, 16)
    limit((alone + together) // 2)
    with caplog.at_level(logging.WARNING, "napari_sam2"):
        results = list(crowd(tiny, 16).propagate())
    assert "at a time" in caplog.text
    assert [len(list(result)) for result in results] == [16, 16, 16]


def test_a_model_too_large_for_the_memory_is_told_in_a_sentence(tiny, limit) -> None:
    list(crowd(tiny, 1).propagate())
    torch.cuda.empty_cache()
    limit(torch.cuda.memory_reserved() + 16 * MIB)
    with pytest.raises(GpuMemoryError, match="smaller model"):
        list(crowd(tiny, 1).propagate())
    limit(torch.cuda.get_device_properties(DEVICE).total_memory)
    assert len(list(crowd(tiny, 1).propagate())) == 3
