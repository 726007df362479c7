"""A name or a path leads to a file that is fit to load, or to a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.engine.weights import (
    Condition,
    cache_folder,
    cached_path,
    download,
    presence,
    read_receipt,
    registry,
    resolve_weights,
    verify,
)
from napari_sam2.engine.weights.integrity import outcome


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(folder))
    return folder


@pytest.fixture
def known_toy(toy, monkeypatch):
    """Register the small file as a model called toy."""
    monkeypatch.setattr(registry, "CHECKPOINTS", (toy,))
    return toy


@pytest.fixture
def placed(known_toy, cache, content) -> Path:
    """The right file, put into the cache by hand."""
    path = cache / "toy.pt"
    path.write_bytes(content)
    return path


def flip_a_byte_keeping_the_date(path: Path) -> None:
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_the_environment_variable_sets_the_folder(cache, monkeypatch):
    assert cache_folder() == cache
    assert cached_path("sam2.1-tiny") == cache / "sam2.1_hiera_tiny.pt"
    monkeypatch.setenv("NAPARI_SAM2_CACHE", "~/weights")
    assert cache_folder() == Path.home() / "weights"


def test_without_the_variable_it_is_the_users_cache(monkeypatch):
    monkeypatch.delenv("NAPARI_SAM2_CACHE")
    assert cache_folder().is_absolute()
    assert "napari-sam2" in cache_folder().parts


@pytest.mark.parametrize("name", ["nano", " Nano "])
def test_the_bundled_model_is_always_there(name):
    assert resolve_weights(name).is_file()


def test_a_missing_model_says_how_to_get_it():
    with pytest.raises(ModelError, match="napari-sam2 models download sam2-large"):
        resolve_weights("sam2_hiera_large.pt")


def test_a_file_put_there_by_hand_serves(placed):
    assert resolve_weights("toy") == placed


def test_a_downloaded_file_serves(known_toy):
    assert outcome(download(known_toy)) == resolve_weights("toy")


def test_the_path_of_a_file_works_wherever_a_name_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.safetensors", "sam2.1_hiera_tiny.pt", "no-ending"):
        (tmp_path / name).write_bytes(b"weights")
        assert resolve_weights(tmp_path / name) == tmp_path / name
        assert resolve_weights(name) == Path(name)


def test_a_file_called_like_a_model_needs_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("nano").write_bytes(b"weights")
    assert resolve_weights("nano") != Path("nano")
    assert resolve_weights("./nano") == Path("nano")
    assert resolve_weights(Path("nano")) == Path("nano")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("none.pt", "There is no weights file"),
        ("some/where", "There is no file of weights, or folder of graphs"),
        ("sam3", "or of a folder that napari-sam2 export-onnx"),
        ("x" * 300, "cannot be read: File name too long"),
        ("sam3", "There is no model called 'sam3'"),
        (".", "is a folder"),
        ("", "is a folder"),
    ],
)
def test_what_is_neither_name_nor_file_is_a_sentence(text, sentence):
    with pytest.raises(ModelError, match=sentence):
        resolve_weights(text)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b"x" + b[1:]])
def test_a_damaged_file_is_never_given_out(placed, change):
    resolve_weights("toy")
    placed.write_bytes(change(placed.read_bytes()))
    for _ in range(2):
        with pytest.raises(CheckpointError, match="models download toy"):
            resolve_weights("toy")


def test_damage_found_by_verify_is_remembered(placed, known_toy):
    resolve_weights("toy")
    flip_a_byte_keeping_the_date(placed)
    assert outcome(verify(known_toy)) is Condition.WRONG_HASH
    with pytest.raises(CheckpointError):
        resolve_weights("toy")


def test_verify_tells_every_condition(placed, known_toy, content):
    assert outcome(verify(known_toy)) is Condition.INTACT
    placed.write_bytes(content[:-1])
    assert outcome(verify(known_toy)) is Condition.WRONG_SIZE
    placed.unlink()
    assert outcome(verify(known_toy)) is Condition.MISSING


def test_presence_looks_at_the_size(placed, known_toy):
    assert presence(known_toy) is Condition.INTACT
    placed.write_bytes(b"")
    assert presence(known_toy) is Condition.WRONG_SIZE


def test_a_checked_file_is_not_hashed_again(placed, monkeypatch):
    resolve_weights("toy")
    monkeypatch.setattr("hashlib.sha256", None)
    assert resolve_weights("toy") == placed


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": 1}', "\x00", "null"])
def test_a_receipt_that_makes_no_sense_is_ignored(placed, text):
    (placed.parent / "toy.pt.sha256.json").write_text(text)
    assert resolve_weights("toy") == placed
    assert read_receipt(placed) is not None


def test_a_receipt_cannot_overrule_the_published_hash(placed, content):
    placed.write_bytes(bytes(len(content)))
    stat = placed.stat()
    forged = {"sha256": "0" * 64, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    (placed.parent / "toy.pt.sha256.json").write_text(json.dumps(forged))
    with pytest.raises(CheckpointError):
        resolve_weights("toy")


def test_a_cache_that_cannot_take_receipts_still_serves(placed):
    (placed.parent / "toy.pt.sha256.json").mkdir()
    assert resolve_weights("toy") == placed
    assert {p.name for p in placed.parent.iterdir()} == {
        "toy.pt",
        "toy.pt.sha256.json",
    }


def test_a_file_that_cannot_be_read_is_a_sentence(placed, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CheckpointError, match="Permission denied"):
        resolve_weights("toy")
