"""The bundled model is whole, or its absence is said."""

from __future__ import annotations

import pytest

from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.engine.weights import bundled, bundled_path, verify_bundled


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A package folder with a bundled model that is no safetensors file."""
    monkeypatch.setattr(bundled, "files", lambda _: tmp_path)
    folder = tmp_path / "bundled"
    folder.mkdir()
    for name in ("nano.safetensors", "nano.json"):
        (folder / name).write_text("version https://git-lfs.github.com/spec/v1")
    return folder


def test_the_bundled_model_is_whole():
    assert verify_bundled() == bundled_path()


@pytest.mark.parametrize("name", ["nano.safetensors", "nano.json"])
def test_a_missing_file_is_named(elsewhere, name):
    (elsewhere / name).unlink()
    with pytest.raises(ModelError, match=name):
        bundled_path()


def test_a_pointer_that_git_lfs_left_is_noticed(elsewhere):
    with pytest.raises(CheckpointError, match="damaged"):
        verify_bundled()


def test_a_truncated_file_is_noticed(elsewhere):
    path = elsewhere / "nano.safetensors"
    whole = b'\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    header = whole[8:].ljust(0x40)
    path.write_bytes(whole[:8] + header + bytes(8))
    verify_bundled()
    path.write_bytes(whole[:8] + header + bytes(7))
    with pytest.raises(CheckpointError, match="damaged"):
        verify_bundled()
