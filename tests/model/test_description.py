"""A file of weights says which model it is, and what lies beside it need not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import torch as safetensors_torch

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.checkpoint import read_shapes
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.description import config_of, infer_config
from tests.golden import reference
from tests.miniature import MINIATURE

TINY = VARIANTS["sam2.1-tiny"]


def meta_state(stem: str) -> dict[str, torch.Tensor]:
    """Return tensors of the reference's shapes that take no memory."""
    return {
        name: torch.empty(1).expand(shape)
        for name, shape in reference.shapes(stem).items()
    }


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("sam2.1_t_256", "sam2.1-tiny"),
        ("sam2.1_s_256", "sam2.1-small"),
        ("sam2.1_bplus_256", "sam2.1-base-plus"),
        ("sam2.1_l_256", "sam2.1-large"),
        ("sam2_t_256", "sam2-tiny"),
        ("sam2_l_256", "sam2-large"),
    ],
)
def test_variants_are_recognised_by_their_tensors(stem, name) -> None:
    assert infer_config(meta_state(stem)) == VARIANTS[name]


@pytest.mark.parametrize(
    "names",
    [
        ["image_encoder.blocks.0.norm1.weight", "mask_decoder.iou_token.weight"],
        ["detector.backbone.vision_backbone.trunk.blocks.0.norm1.weight"],
        ["conv1.weight", "fc.bias"],
        [],
    ],
)
def test_other_networks_are_refused(names) -> None:
    with pytest.raises(CheckpointError, match="not the weights of a SAM 2 model"):
        infer_config({name: torch.ones(1) for name in names})


def test_an_image_encoder_alone_is_refused() -> None:
    state = {
        name: tensor
        for name, tensor in meta_state("sam2.1_t_256").items()
        if name.startswith("image_encoder.")
    }
    with pytest.raises(CheckpointError, match="not the weights of a SAM 2 model"):
        infer_config(state)


def test_unknown_sizes_ask_for_a_description(miniature) -> None:
    with pytest.raises(CheckpointError, match=r"5 blocks of width 8.*\.json"):
        infer_config(miniature.state_dict())


@pytest.mark.parametrize("text", ["{", "[1, 2]", "", '{"name": "x", "age": 3}'])
def test_unreadable_descriptions(tmp_path, miniature, text) -> None:
    path = tmp_path / "weights.pt"
    torch.save(miniature.state_dict(), path)
    path.with_suffix(".json").write_text(text)
    with pytest.raises(CheckpointError, match="model description"):
        config_of(path, read_shapes(path))


def test_a_binary_description(tmp_path, miniature) -> None:
    path = tmp_path / "weights.pt"
    torch.save(miniature.state_dict(), path)
    path.with_suffix(".json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CheckpointError, match="model description"):
        config_of(path, read_shapes(path))


@pytest.mark.parametrize(
    "log",
    [
        {},
        {"epochs": 10, "lr": 1e-4},
        {"name": "my run", "epochs": 10, "image_size": 512},
        [{"loss": 0.5}, {"loss": 0.4}],
    ],
)
def test_a_log_beside_released_weights_does_not_matter(tmp_path, log) -> None:
    path = tmp_path / "mine.pt"
    path.with_suffix(".json").write_text(json.dumps(log))
    assert config_of(path, meta_state("sam2.1_t_256")) == TINY
    with pytest.raises(CheckpointError, match=r"mine\.json is no model description"):
        config_of(path, {"fc.bias": torch.ones(1)})


def test_a_description_may_say_only_what_differs(tmp_path) -> None:
    path, state = tmp_path / "mine.pt", meta_state("sam2.1_t_256")
    values = {"name": "cells", "image_size": 512}
    path.with_suffix(".json").write_text(json.dumps(values))
    assert config_of(path, state) == replace(TINY, **values)
    path.with_suffix(".json").write_text(json.dumps({"image_size": 512}))
    with pytest.raises(CheckpointError, match="description is unusable"):
        config_of(path, state)
    newer = {**TINY.to_json(), "memory_kind": "long"}
    path.with_suffix(".json").write_text(json.dumps(newer))
    with pytest.raises(CheckpointError, match="newer version of napari-sam2"):
        config_of(path, state)


def test_which_model_it_is_shows_without_its_weights(
    tmp_path: Path, miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.safetensors"
    safetensors_torch.save_file(dict(miniature.state_dict()), path)
    path.with_suffix(".json").write_text(json.dumps(MINIATURE.to_json()))
    monkeypatch.setattr(safetensors_torch, "load_file", None)
    shapes = read_shapes(path)
    assert config_of(path, shapes) == MINIATURE
    assert {name: tensor.shape for name, tensor in shapes.items()} == {
        name: tensor.shape for name, tensor in miniature.state_dict().items()
    }
    path.write_bytes(b"<!DOCTYPE html><html>404</html>" * 50)
    with pytest.raises(CheckpointError, match=r"no.* readable safetensors file"):
        read_shapes(path)
