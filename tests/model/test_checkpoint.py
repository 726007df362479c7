"""Weights files: only tensors are read, and only the right ones are loaded."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.checkpoint import (
    build_model,
    load_weights,
    read_state_dict,
)
from tests.miniature import MINIATURE

pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")


@pytest.fixture(scope="module")
def state(miniature) -> dict[str, torch.Tensor]:
    return dict(miniature.state_dict())


def describe(path: Path, values=None) -> None:
    path.with_suffix(".json").write_text(json.dumps(values or MINIATURE.to_json()))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_pickled_weights(tmp_path, state, ending, wrapped) -> None:
    path = tmp_path / f"weights{ending}"
    torch.save({"model": state} if wrapped else state, path)
    describe(path)
    assert_same(load_weights(path), state)


def test_safetensors(tmp_path, state) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(state, path)
    describe(path)
    assert_same(load_weights(path), state)


def assert_same(model, state) -> None:
    assert not model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name])
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_become_float32(tmp_path, state, dtype) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({name: t.to(dtype) for name, t in state.items()}, path)
    describe(path)
    model = load_weights(path)
    assert {t.dtype for t in model.state_dict().values()} == {torch.float32}


def test_a_loaded_model_outlives_its_file(tmp_path, state) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(state, path)
    describe(path)
    model = load_weights(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert_same(model, state)


def test_the_image_size_can_be_chosen(tmp_path, state) -> None:
    path = tmp_path / "weights.pt"
    torch.save(state, path)
    describe(path)
    assert load_weights(path).config == MINIATURE
    assert load_weights(path, image_size=128).config.image_size == 128
    with pytest.raises(CheckpointError, match="multiple of 32, not 100"):
        load_weights(path, image_size=100)


class Boom:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".ckpt"])
@pytest.mark.parametrize("save", [torch.save, "pickle", "legacy"])
def test_code_in_a_checkpoint_is_never_run(tmp_path, state, ending, save) -> None:
    path, target = tmp_path / f"evil{ending}", tmp_path / "executed"
    content = {"model": state, "hook": Boom(target)}
    if save == "pickle":
        path.write_bytes(pickle.dumps(content))
    elif save == "legacy":
        torch.save(content, path, _use_new_zipfile_serialization=False)
    else:
        save(content, path)
    with pytest.raises(CheckpointError, match=r"refused|cannot be read"):
        load_weights(path)
    assert not target.exists()


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.99, 0.9999])
def test_truncated_files(tmp_path, state, ending, share) -> None:
    path = tmp_path / f"weights{ending}"
    save = save_file if ending == ".safetensors" else torch.save
    save(state, path)
    describe(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=r"weights\.\w+"):
        load_weights(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["zip", "legacy", "pickle", "safetensors"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.floats(0, 1),
)
def test_damaged_files_end_in_sentences(tmp_path, kind, damage, length) -> None:
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pt")
    small = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.int64)}
    if kind == "safetensors":
        save_file(small, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"a": [1, 2]}))
    else:
        torch.save(small, path, _use_new_zipfile_serialization=kind == "zip")
    content = bytearray(path.read_bytes())
    for place, value in damage:
        content[int(place * (len(content) - 1))] = value
    path.write_bytes(content[: round(max(length, 0.5) * len(content))])
    try:
        read = read_state_dict(path)
    except CheckpointError:
        return
    assert all(isinstance(t, torch.Tensor) for t in read.values())


@pytest.mark.parametrize(
    "content",
    [[1, 2], {}, {"epoch": 3}, {"model": {}}, {"model": {"a": 1}}, torch.ones(3), None],
    ids=str,
)
def test_files_without_weights(tmp_path, content) -> None:
    path = tmp_path / "other.pt"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="holds no model weights"):
        read_state_dict(path)


def test_tensors_without_names(tmp_path) -> None:
    path = tmp_path / "other.pt"
    torch.save({0: torch.ones(3)}, path)
    with pytest.raises(CheckpointError, match="holds no model weights"):
        load_weights(path)


@pytest.mark.parametrize("name", ["missing.pt", "missing.safetensors", ""])
def test_files_that_are_not_there(tmp_path, name) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        read_state_dict(tmp_path / name)


def test_tensors_without_numbers_are_refused(tmp_path, state) -> None:
    path = tmp_path / "weights.pt"
    torch.save({**state, "no_obj_ptr": state["no_obj_ptr"].to("meta")}, path)
    describe(path)
    with pytest.raises(CheckpointError, match=r"weights\.pt holds no model weights"):
        load_weights(path)


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_text_files(tmp_path, ending) -> None:
    path = tmp_path / f"page{ending}"
    path.write_text("<!DOCTYPE html><html>404</html>" * 50)
    with pytest.raises(CheckpointError, match="page"):
        load_weights(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"no_obj_ptr": None}, "no_obj_ptr"),
        ({"no_obj_ptr": torch.ones(1, 7)}, "no_obj_ptr"),
        ({"extra.weight": torch.ones(2)}, "extra.weight"),
    ],
)
def test_tensors_that_do_not_fit_are_named(state, change, sentence) -> None:
    changed = {k: v for k, v in {**state, **change}.items() if v is not None}
    with pytest.raises(CheckpointError, match=f"does not fit.*{sentence}"):
        build_model(MINIATURE, changed, name="weights.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(state, value: float) -> None:
    name = "memory_encoder.out_proj.bias"
    damaged = {**state, name: torch.full_like(state[name], value)}
    with pytest.raises(CheckpointError, match=rf"is damaged: {name} holds numbers"):
        build_model(MINIATURE, damaged, name="mine.pt")


def test_building_inside_inference_gives_ordinary_weights(state) -> None:
    with torch.inference_mode():
        model = build_model(MINIATURE, state, name="weights.pt")
    assert not any(t.is_inference() for t in model.state_dict().values())


FULL = RuntimeError("[enforce fail at alloc_cpu.cpp] can't allocate memory: 9 bytes")


def test_memory_that_runs_out_is_no_damage(tmp_path, state, monkeypatch) -> None:
    def full(*_, **__):
        raise FULL

    path = tmp_path / "weights.pt"
    torch.save(state, path)
    for place, work in (
        ("torch.load", lambda: read_state_dict(path)),
        ("torch.Tensor.contiguous", lambda: build_model(MINIATURE, state, name="it")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            with pytest.raises(RuntimeError, match="can't allocate memory"):
                work()
