"""The bundled model as ONNX graphs, for tests: written anew when the code has changed.

PyTorch's exporter takes most of a minute, whatever the size of the model, so its graphs
are kept in pytest's cache. Comparing and describing them is done every time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnxscript
import pytest
import torch

import napari_sam2
import napari_sam2.engine.onnx.export as export
from napari_sam2.engine.weights import weights_sha256
from napari_sam2.model.sam2 import Sam2Model

_ROOT = Path(napari_sam2.__file__).parent
_GRAPHS = ("parts.py", "attention_part.py", "interface.py", "writing.py")


def export_nano(nano: Sam2Model, folder: Path, config: pytest.Config) -> None:
    """Export the bundled model to an empty folder."""
    name = f"nano-onnx-{_key()}"
    kept = config.cache.mkdir(name)
    for outdated in kept.parent.glob("nano-onnx-*"):
        if outdated != kept:
            shutil.rmtree(outdated)
    write_graph = export.write_graph

    def write_once(module, part, path: Path) -> None:
        if not (kept / part.file_name).exists():
            write_graph(module, part, path)
            # Of its own name: another process may keep the same graph.
            own = kept / f"{part.file_name}.{os.getpid()}"
            shutil.copy(path, own)
            own.replace(kept / part.file_name)
        shutil.copy(kept / part.file_name, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "write_graph", write_once)
        for _ in export.export_onnx(
            nano, folder, weights_sha256=weights_sha256("nano")
        ):
            pass


def _key() -> str:
    """Return what the graphs depend on, in a few letters."""
    digest = hashlib.sha256(weights_sha256("nano").encode())
    for path in _sources():
        digest.update(path.read_bytes())
    for package in (torch, onnx, onnxscript):
        digest.update(package.__version__.encode())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield from sorted((_ROOT / "model").glob("*.py"))
    yield from (_ROOT / "engine" / "onnx" / name for name in _GRAPHS)
