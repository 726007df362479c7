"""Models that were exported to be run at once, kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import napari_sam2
from napari_sam2.core.errors import CheckpointError
from napari_sam2.engine.onnx.manifest import read_manifest
from napari_sam2.engine.onnx.opening import load_graphs
from napari_sam2.engine.onnx.providers import import_runtime
from napari_sam2.engine.weights.adapters import find_base, read_card
from napari_sam2.engine.weights.cache import cache_folder
from napari_sam2.engine.weights.exported import MANIFEST
from napari_sam2.engine.weights.identity import weights_sha256
from napari_sam2.model.checkpoint import read_shapes
from napari_sam2.model.description import config_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.engine.onnx.manifest import Manifest
    from napari_sam2.engine.onnx.network import OnnxNetwork
    from napari_sam2.model.sam2 import Sam2Model

_log = logging.getLogger(__name__)


def cached_network(
    weights: Path,
    load: Callable[[], Sam2Model],
    *,
    device: str = "auto",
    image_size: int | None = None,
) -> OnnxNetwork:
    """Load the graphs of some weights, and export them first where that was never done.

    Parameters
    ----------
    weights : Path
        The file that they were loaded from.
    load : callable
        Returns the model, in float32 on the CPU; called only to export it.
    device : str, optional
        See :func:`napari_sam2.engine.onnx.providers.choose_providers`.
    image_size : int, optional
        What ``load`` was told.

    Raises
    ------
    ModelError
        If a package is missing, or the export failed.
    DeviceError
        If there is no such device.
    GpuMemoryError
        If there is not enough memory for the graphs.
    """
    import_runtime()  # missing, it is told before the work
    sha256 = weights_sha256(weights)
    size = "own" if image_size is None else image_size
    made_of = f"{sha256[:16]}-{_described(weights)[:8]}"
    name = f"{weights.stem}-{size}-{made_of}-{napari_sam2.__version__}"
    folder = cache_folder() / "onnx" / name
    manifest = _whole(folder)
    if manifest is None:
        _export(load(), folder, sha256)
        manifest = read_manifest(folder)
    return load_graphs(folder, manifest, device)


def _described(weights: Path) -> str:
    """Return what tells a model's description beside its weights from others."""
    card = read_card(weights)
    base = weights if card is None else find_base(card, weights)
    described = None
    if base.with_suffix(".json").is_file():
        described = config_of(base, read_shapes(base)).to_json()
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _whole(folder: Path) -> Manifest | None:
    """Return the manifest of graphs that are there and whole."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        return read_manifest(folder)
    except CheckpointError as error:
        _log.warning("%s That is done now.", error)
        return None


def _export(model: Sam2Model, folder: Path, sha256: str) -> None:
    """Export a model to a folder, whole or not at all."""
    from napari_sam2.engine.onnx.export import export_onnx

    _log.warning(
        "Writing %s as ONNX graphs, which takes a minute or more and is done once.",
        model.config.name,
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="export-") as beside:
        draft = Path(beside) / "graphs"
        draft.mkdir()
        for _ in export_onnx(model, draft, weights_sha256=sha256):
            pass
        if _whole(folder) is not None:  # another process was quicker
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            draft.rename(folder)
        except OSError:
            if not (folder / MANIFEST).is_file():  # as above
                raise
