"""Tracking with a compiled network finds the same masks, and compiles little."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch._inductor import config as inductor_config
from torch._inductor.runtime.cache_dir_utils import default_cache_dir

from napari_sam2 import PointPrompt, VideoTracker, load_model
from napari_sam2.core.errors import ModelError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.engine.compiled.network import CompiledNetwork
from napari_sam2.engine.compiled.opening import compiled_network
from napari_sam2.engine.compiled.parts import part_functions
from napari_sam2.engine.compiled.race import Raced
from napari_sam2.engine.compiled.support import compiler_for, why_not
from napari_sam2.model.precision import hold_in_half
from tests.engine.compiled.backends import Counting
from tests.miniature import seeded_model


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def network(counting):
    return CompiledNetwork(seeded_model(), counting.compiler())


def _frames(count: int, shape: tuple[int, int] = (40, 48)):
    return np.random.default_rng(0).integers(0, 255, (count, *shape), dtype=np.uint8)


def _track(model, frames, objects: int, clicks: tuple[int, ...] = (0,)):
    tracker = VideoTracker(model, frames, limits=as_limits(0, 255))
    for object_id in range(1, objects + 1):
        for frame in clicks:
            tracker.add(PointPrompt(object_id, frame, (4.0 * object_id, 20.0)))
    run = tracker.propagate(direction="forward")
    return [[one.mask for one in result] for result in run]


def test_masks_are_the_same(network, counting) -> None:
    frames = _frames(20)
    found = _track(network, frames, 5)
    assert len(counting.batches) == 7  # of four objects and of one
    np.testing.assert_array_equal(found, _track(seeded_model(), frames, 5))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_frames_are_encoded_together(network, counting, count) -> None:
    images = torch.randn(count, 3, 64, 64)
    with torch.inference_mode():
        wanted = seeded_model().encode_image(images)
        for _ in range(5):  # until it is compiled
            found = network.encode_image(images)
    assert 1 <= len(counting.batches) <= 2
    for one, same in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, same, rtol=1e-4, atol=1e-5)


def test_a_rounded_model_stays_rounded_when_it_is_compiled(counting) -> None:
    exact, rounded = seeded_model(), seeded_model()
    hold_in_half(rounded)
    plain, half = (
        CompiledNetwork(one, counting.compiler()) for one in (exact, rounded)
    )
    assert (plain.is_half, plain.precision) == (False, "float32")
    assert (half.is_half, half.precision) == (True, "bfloat16")
    frames = _frames(10)
    found = np.array(_track(half, frames, 1))
    assert counting.batches  # it was compiled, within the rounding
    for one, same in ((rounded, 0.97), (exact, 0.9)):
        assert (found == np.array(_track(one, frames, 1))).mean() > same


def test_nothing_is_compiled_anew_for_what_users_change(network, counting) -> None:
    frames = _frames(30)
    _track(network, frames, 3)
    compiled = len(counting.batches)
    assert compiled == 4  # one graph for each part
    _track(network, frames, 4)  # as large a batch
    _track(network, _frames(6), 4)  # a short stack
    _track(network, _frames(30, (64, 30)), 4)  # frames of another shape
    assert len(counting.batches) == compiled
    _track(network, frames, 4, clicks=(0, 7))
    more = len(counting.batches)
    assert more <= compiled + 2  # room for more prompted frames
    _track(network, frames, 4, clicks=(0, 7, 9))
    _track(network, frames, 4, clicks=(0, 7, 9, 12))
    assert len(counting.batches) == more


@pytest.mark.skipif(why_not(torch.device("cpu")) is not None, reason="no compiler")
def test_pytorchs_own_compiler_takes_a_part(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    model = seeded_model()
    remember = part_functions(model).remember
    compiler = replace(compiler_for(model.device), least_gain=0.0)
    raced = Raced("memory encoder", remember, compiler)
    with torch.inference_mode():
        inputs = torch.randn(1, 32, 4, 4), torch.randn(1, 1, 16, 16), torch.ones(1, 1)
        plain, *found = [raced(*inputs)[0] for _ in range(5)]
    assert raced.notes[0].startswith("The memory encoder is compiled now")
    for one in found:
        torch.testing.assert_close(one, plain, atol=1e-4, rtol=1e-4)
    assert any(tmp_path.iterdir())  # where the next program finds it


def test_without_a_compiler_the_model_is_used_as_it_is(caplog) -> None:
    model = seeded_model()
    with inductor_config.patch({"cpp.cxx": ("no-such-compiler",)}):
        assert compiled_network(model) is model
    assert "finds none: install g++ or clang" in caplog.text


def test_what_is_compiled_is_kept_in_the_cache_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", default_cache_dir())
    compiler_for(torch.device("cpu"))
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "compiled")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/chosen")
    compiler_for(torch.device("cpu"))
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == "/chosen"


def test_apple_gpus_are_not_compiled_for() -> None:
    assert "does not compile reliably" in why_not(torch.device("mps"))


def test_graphs_of_onnx_cannot_be_compiled() -> None:
    with pytest.raises(ModelError, match="compiled already"):
        load_model("nano", backend="onnx", is_compiled=True)
