"""``napari-sam2 models`` says what is there and brings what is not."""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from napari_sam2.cli import models
from napari_sam2.core.errors import CheckpointError, DownloadError, ModelError
from napari_sam2.engine.weights import Checkpoint, bundled_path, registry

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = random.Random(0).randbytes(100_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def run():
    """Run ``napari-sam2 models …``; return the exit code."""
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers())

    def call(*words: str) -> int:
        args = parser.parse_args(["models", *words])
        return args.handler(args)

    return call


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def toys(monkeypatch):
    """Replace the table: two small models, one of an unpublished hash."""

    def toy(name: str, sha256: str | None) -> Checkpoint:
        url = f"https://nowhere.invalid/{name}.pt"
        return Checkpoint(name, url, len(CONTENT), sha256, "tiny", "2.1", "testing")

    table = (toy("toy", SHA256), toy("secret", None))
    monkeypatch.setattr("napari_sam2.engine.weights.CHECKPOINTS", table)
    monkeypatch.setattr(registry, "CHECKPOINTS", table)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test output quiet."""


@pytest.fixture
def mirror(toys, tmp_path, monkeypatch):
    """A server for the small models, set as the mirror; yields its folder."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in ("toy", "secret"):
        (folder / f"{name}.pt").write_bytes(CONTENT)
    handler = partial(_Quiet, directory=str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        url = f"http://127.0.0.1:{http.server_port}/"
        monkeypatch.setenv("NAPARI_SAM2_MIRROR", url)
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield folder
        http.shutdown()
        thread.join()


def test_list_shows_all_models_and_where_they_go(run, capsys, cache):
    assert run("list") == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines[1:10]] == [
        "nano",
        *(c.name for c in registry.CHECKPOINTS),
    ]
    assert shown.count("to download") == 8
    assert str(cache) in lines[-1]
    column = lines[0].index("STATE")
    assert all(
        line[column:].startswith(("here", "to download")) for line in lines[1:10]
    )


def test_list_tells_here_from_damaged(run, capsys, mirror, cache):
    run("download", "toy")
    (cache / "secret.pt").write_bytes(b"half")
    capsys.readouterr()
    run("list")
    states = {
        line.split()[0]: line for line in capsys.readouterr().out.splitlines()[:4]
    }
    assert " here " in states["toy"]
    assert " damaged " in states["secret"]


def test_download_prints_the_path_and_nothing_else(run, capsys, mirror, cache):
    assert run("download", "toy") == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(cache / "toy.pt")
    assert err == ""
    assert (cache / "toy.pt").read_bytes() == CONTENT


def test_download_says_which_hash_it_pins(run, capsys, mirror):
    assert run("download", "secret") == 0
    error = capsys.readouterr().err
    assert "No SHA-256 of secret has been published" in error
    assert SHA256 in error


def test_download_of_a_wrong_file_is_an_error(run, mirror, cache):
    (mirror / "toy.pt").write_bytes(bytes(len(CONTENT)))
    with pytest.raises(DownloadError, match="another file than expected"):
        run("download", "toy")
    assert not (cache / "toy.pt").exists()


def test_the_bundled_model_needs_no_download(run, capsys):
    assert run("download", "nano") == 0
    assert "nothing to download" in capsys.readouterr().out


def test_ctrl_c_is_no_traceback(run, capsys, toys, monkeypatch):
    def interrupt(steps: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "watch", interrupt)
    assert run("download", "toy") == 130
    assert "run this again to go on" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["download", "path", "info", "verify"])
def test_an_unknown_model_is_a_sentence(run, verb):
    with pytest.raises(ModelError, match="There is no model called 'sam9'"):
        run(verb, "sam9")


def test_path_prints_the_path(run, capsys, mirror, cache):
    assert run("path", "nano") == 0
    run("download", "toy")
    assert run("path", "toy") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(bundled_path()), *[str(cache / "toy.pt")] * 2]


def test_path_of_what_is_not_here_says_how_to_get_it(run):
    with pytest.raises(ModelError, match=r"models download sam2\.1-tiny"):
        run("path", "sam2.1-tiny")


def test_info_describes_the_bundled_model(run, capsys):
    assert run("info", "nano") == 0
    shown = capsys.readouterr().out
    facts = dict(line.split(maxsplit=1) for line in shown.splitlines())
    assert facts["variant"] == "nano"
    assert facts["version"] == "SAM 2.1"
    assert "tensors" in facts["parameters"]
    assert facts["precision"] == "float16"


@pytest.mark.parametrize("name", ["sam2-tiny", "sam2.1-base-plus"])
def test_info_recognises_a_file_by_its_tensors(run, capsys, tmp_path, name):
    torch = pytest.importorskip("torch")
    from napari_sam2.model.config import VARIANTS
    from napari_sam2.model.sam2 import Sam2Model

    with torch.device("meta"):
        shapes = {k: v.shape for k, v in Sam2Model(VARIANTS[name]).state_dict().items()}
    # One stored number per tensor is enough to be recognised, and quick to write.
    tensors = {k: torch.zeros(()).expand(shape) for k, shape in shapes.items()}
    torch.save({"model": tensors}, tmp_path / "mine.pt")
    assert run("info", str(tmp_path / "mine.pt")) == 0
    shown = capsys.readouterr().out
    assert name in shown
    assert {
        "sam2-tiny": "38.9 million in 468",
        "sam2.1-base-plus": "80.9 million in 615",
    }[name] in shown


def test_info_refuses_what_is_no_checkpoint(run, tmp_path):
    (tmp_path / "notes.pt").write_text("these are notes")
    with pytest.raises(CheckpointError):
        run("info", str(tmp_path / "notes.pt"))


def test_verify_checks_everything_that_is_here(run, capsys, mirror):
    run("download", "toy")
    assert run("verify") == 0
    shown = capsys.readouterr().out
    assert "nano: intact" in shown
    assert "toy: intact" in shown
    assert "secret" not in shown


def test_verify_reports_damage(run, capsys, mirror, cache):
    run("download", "toy")
    (cache / "toy.pt").write_bytes(bytes(len(CONTENT)))
    assert run("verify") == 1
    assert "toy: is damaged" in capsys.readouterr().out
    assert run("verify", "toy") == 1
    assert "run napari-sam2 models download toy" in capsys.readouterr().out
    with pytest.raises(CheckpointError):
        run("path", "toy")


def test_verify_one(run, capsys, toys):
    assert run("verify", "nano") == 0
    assert run("verify", "toy") == 1
    assert "toy: not downloaded" in capsys.readouterr().out


def test_verify_checks_a_folder_of_graphs(run, capsys, nano_onnx, tmp_path):
    folder = shutil.copytree(nano_onnx, tmp_path / "model")
    assert run("verify", str(folder)) == 0
    assert f"{folder}: intact" in capsys.readouterr().out
    graph = folder / "mask_decoder.onnx"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    assert run("verify", str(folder)) == 1
    assert "mask_decoder.onnx is damaged" in capsys.readouterr().out


def test_a_verb_is_needed(run, capsys):
    with pytest.raises(SystemExit):
        run()
    assert "VERB" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["verify", "download"])
def test_a_file_of_ones_own_is_not_taken_for_an_unknown_name(
    run, tmp_path, verb
) -> None:
    mine = tmp_path / "mine.adapter.safetensors"
    mine.write_bytes(b"mine")
    with pytest.raises(ModelError, match="file of your own"):
        run(verb, str(mine))
    with pytest.raises(ModelError, match="no model called"):
        run(verb, 300 * "a")
