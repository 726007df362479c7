"""Weights that are none are refused, and run nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from napari_sam2.engine.weights import bundled_path
from tests.cli.conftest import POINT


class Malicious:
    """A pickle that makes a file when it is opened carelessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("save", ["torch", "pickle"])
def test_a_malicious_checkpoint_is_refused(refuse, stack, tmp_path, save):
    path, trace = tmp_path / "model.pt", tmp_path / "trace"
    content = {"model": {"weight": Malicious(trace)}}
    if save == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    refuse(stack, *POINT, "--model", path, saying="model.pt was refused")
    assert not trace.exists()
    pickle_works = pickle.loads(pickle.dumps(Malicious(trace)))
    assert trace.exists(), pickle_works  # careless opening would have run it


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_truncated_checkpoint(refuse, stack, tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    if suffix == ".pt":
        torch.save({"model": {"weight": torch.zeros(1000)}}, path)
        whole = path.read_bytes()
    else:
        whole = bundled_path().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse(stack, *POINT, "--model", path, saying=path.name)


def test_a_checkpoint_of_another_architecture(refuse, stack, tmp_path):
    path = tmp_path / "unet.pt"
    torch.save({"state": torch.zeros(3), "down.weight": torch.zeros(3)}, path)
    refuse(stack, *POINT, "--model", path, saying="not the weights of a SAM 2 model")
