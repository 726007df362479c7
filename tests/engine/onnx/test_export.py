"""What an export writes: graphs with open sizes, that describe themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnxruntime
import pytest

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.onnx import writing
from napari_sam2.engine.onnx.check import Sizes, differences, random_inputs
from napari_sam2.engine.onnx.export import export_onnx
from napari_sam2.engine.onnx.interface import parts_of
from napari_sam2.engine.onnx.opening import open_network
from napari_sam2.engine.weights import weights_sha256

TOLERANCE = 1e-3
DTYPES = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(bool)": "bool"}


@pytest.fixture(scope="module")
def manifest(nano_onnx: Path) -> dict:
    return json.loads((nano_onnx / "manifest.json").read_text("utf-8"))


def test_graphs_are_what_the_manifest_says(nano_onnx: Path, manifest: dict) -> None:
    assert {one.name for one in nano_onnx.iterdir()} == {
        "README.md",
        "manifest.json",
        *(part["file"] for part in manifest["parts"].values()),
    }
    for part in manifest["parts"].values():
        session = onnxruntime.InferenceSession(nano_onnx / part["file"])
        for side in ("inputs", "outputs"):
            ports = getattr(session, f"get_{side}")()
            assert [port.name for port in ports] == [p["name"] for p in part[side]]
            for port, said in zip(ports, part[side], strict=True):
                assert DTYPES[port.type] == said["dtype"]
                assert port.shape == said["shape"], (part["file"], port.name)


def test_the_manifest_names_model_weights_and_differences(manifest: dict, nano) -> None:
    assert manifest["model"] == json.loads(json.dumps(nano.config.to_json()))
    assert manifest["weights_sha256"] == weights_sha256("nano")
    assert manifest["precision"] == "fp32"
    for part in manifest["parts"].values():
        assert 0 <= part["difference_from_pytorch"] < TOLERANCE


def test_graphs_tell_nothing_of_the_machine_that_made_them(nano_onnx: Path) -> None:
    root = str(Path(sys.modules["napari_sam2"].__file__).parent).encode()
    for graph in nano_onnx.glob("*.onnx"):
        content = graph.read_bytes()
        assert root not in content
        assert b".py" not in content


def test_the_readme_names_everything_that_goes_in_and_out(
    nano_onnx: Path, nano, manifest: dict
) -> None:
    text = (nano_onnx / "README.md").read_text("utf-8")
    for part in parts_of(nano.config):
        assert part.file_name in text
        for port in (*part.inputs, *part.outputs):
            assert f"`{port.name}`" in text
    for name in manifest["constants"]:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize(
    "sizes", [Sizes(1, 5, 4, 1, 0), Sizes(4, 4, 1, 6, 12)], ids=str
)
def test_any_number_of_objects_and_memories(nano_onnx: Path, nano, sizes) -> None:
    network = open_network(nano_onnx, device="cpu")
    apart = differences(network, nano, random_inputs(nano.config, sizes, seed=1))
    assert all(difference < TOLERANCE for difference in apart.values()), apart


def test_what_computes_something_else_is_not_exported(
    miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import napari_sam2.engine.onnx.export as export
    from tests.engine.onnx.eager import eager_network
    from tests.miniature import seeded_model

    other = seeded_model()
    other.image_encoder.neck.convs[0].conv.bias += 1
    monkeypatch.setattr(export, "write_graph", lambda _, __, path: path.touch())
    monkeypatch.setattr(export, "load_graphs", lambda *_: eager_network(other))
    with pytest.raises(ModelError, match="image_encoder does not compute"):
        list(export_onnx(miniature, tmp_path, weights_sha256="0" * 64))
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_named(package: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=rf"{package}: pip install.*onnx-export"):
        writing.check_exporter()


def test_an_old_torch_is_told(monkeypatch) -> None:
    monkeypatch.setattr(writing.torch, "__version__", "2.5.1+cpu")
    with pytest.raises(ModelError, match=r"PyTorch 2\.6 or newer; this is 2\.5\.1"):
        writing.check_exporter()
