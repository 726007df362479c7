"""``napari-sam2 doctor`` describes the machine without giving away whose it is."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import napari_sam2
from napari_sam2.cli import doctor
from napari_sam2.core.errors import CheckpointError
from napari_sam2.engine import weights


@pytest.fixture
def run(capsys):
    """Run ``napari-sam2 doctor …``; return the exit code and what was printed."""
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())

    def call(*words: str) -> tuple[int, str]:
        args = parser.parse_args(["doctor", *words])
        code = args.handler(args)
        return code, capsys.readouterr().out

    return call


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_text_has_what_a_bug_report_needs(run):
    code, text = run()
    assert code == 0
    for word in (
        napari_sam2.__version__,
        "Python",
        "numpy",
        "torch",
        "threads",
        "units for bfloat16",
        "nano",
    ):
        assert word in text
    assert all(c.name in text for c in weights.CHECKPOINTS)
    assert text.endswith("problems\n  none found\n")


def test_json_has_the_same_facts(run):
    code, text = run("--json")
    values = json.loads(text)
    assert code == 0
    assert values["problems"] == []
    assert values["system"]["napari-sam2"] == napari_sam2.__version__
    assert set(values) == {
        "system", "packages", "devices", "viewer", "extras", "models", "problems",
    }  # fmt: skip
    facts = [f for section, f in values.items() if section != "problems"]
    shown = doctor.as_text(doctor.Report({str(i): f for i, f in enumerate(facts)}))
    assert all(value in shown for section in facts for value in section.values())


def test_the_home_folder_is_not_shown(run, home):
    _, text = run()
    assert str(home) not in text
    assert "~" in text


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("{home}/cache", "~/cache"),
        ("in {home}: {home}", "in ~: ~"),
        ("{home}-of-another/cache", "{home}-of-another/cache"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_only_the_home_folder_is_shortened(home, text, shortened):
    assert doctor.without_home(text.format(home=home)) == shortened.format(home=home)


def test_a_checkpoint_of_the_wrong_size_is_a_problem(run, home):
    (home / "cache").mkdir()
    (home / "cache" / "sam2.1_hiera_tiny.pt").write_bytes(b"half")
    code, text = run()
    assert code == 1
    assert "run napari-sam2 models download sam2.1-tiny" in text


def test_a_damaged_bundled_model_is_a_problem(run, monkeypatch, home):
    def broken() -> Path:
        raise CheckpointError(f"{home}/nano.safetensors is damaged.")

    monkeypatch.setattr(weights, "verify_bundled", broken)
    code, text = run()
    assert code == 1
    assert "~/nano.safetensors is damaged." in text


def test_a_torch_that_cannot_be_imported_is_a_problem(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    code, text = run()
    assert code == 1
    assert "PyTorch cannot be imported" in text


def test_a_gpu_that_does_not_answer_is_a_problem(run, monkeypatch):
    def refuse(problems: list[str]) -> dict[str, str]:
        raise RuntimeError("driver version is insufficient\nsecond line")

    monkeypatch.setattr(doctor, "_cuda_devices", refuse)
    code, text = run()
    assert code == 1
    assert "driver version is insufficient" in text
    assert "second line" not in text


@pytest.mark.parametrize("problem", [None, "PyTorch cannot compute on the GPU"])
def test_gpus_are_listed_with_their_memory(run, monkeypatch, problem):
    torch = pytest.importorskip("torch")
    card = SimpleNamespace(name="Fast Card", total_memory=24_000_000_000)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)
    monkeypatch.setattr("napari_sam2.engine.cards.refusal", lambda _: problem)
    found = json.loads(run("--json")[1])
    assert found["problems"].count(problem) == (problem is not None)
    devices = found["devices"]
    assert devices["cuda"] == "PyTorch was built for 12.8"
    assert devices["cuda:0"] == devices["cuda:1"] == "Fast Card, 24 GB"


def test_what_is_not_installed_is_said_with_the_command(run, monkeypatch):
    monkeypatch.setattr(doctor, "_REQUIRED", ("numpy", "no-such-package"))
    readers = ("no-such-reader",), "reads MP4"
    both = ("numpy", "no-such-reader"), "reads NIfTI"
    monkeypatch.setattr(doctor, "_EXTRAS", {"video": readers, "medical": both})
    code, text = run()
    assert code == 1
    assert "run pip install no-such-package" in text
    assert 'missing: pip install "napari-sam2[video]" (reads MP4)' in text
    assert '; rest missing: pip install "napari-sam2[medical]" (reads NIfTI)' in text


def test_what_was_made_here_and_can_be_deleted_is_said(run, home):
    kept = home / "cache" / "onnx" / "nano"
    kept.mkdir(parents=True)
    (kept / "image_encoder.onnx").write_bytes(bytes(3_000_000))
    _, text = run()
    assert "kept ONNX graphs" in text
    assert "3.0 MB in ~/cache/onnx; may be deleted" in text
    assert "kept compiled code" not in text


def test_the_extras_are_those_of_the_package():
    tomllib = pytest.importorskip("tomllib")
    path = Path(napari_sam2.__file__).parents[1] / "pyproject.toml"
    if not path.is_file():
        pytest.skip("installed without its sources")
    project = tomllib.loads(path.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert doctor._EXTRAS.keys() == extras.keys() - {"test", "test-gui", "train"}
    for extra, (packages, _) in doctor._EXTRAS.items():
        for package in packages:
            assert any(line.startswith(package) for line in extras[extra]), extra
    needed = " ".join(project["dependencies"])
    assert all(package in needed for package in doctor._REQUIRED)


def test_the_viewer_is_never_imported():
    code = (
        "import sys; from napari_sam2.cli.doctor import examine_machine;"
        "examine_machine(); print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"napari", "qtpy", "npe2"} & set(loaded)
