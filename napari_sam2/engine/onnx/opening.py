"""From the folder of an exported model to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.engine.device import memory_error
from napari_sam2.engine.onnx.manifest import read_manifest
from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.onnx.providers import (
    choose_providers,
    import_runtime,
    tell_fallback,
)
from napari_sam2.engine.onnx.session import Graph

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.engine.onnx.manifest import Manifest


def open_network(
    folder: Path, *, device: str = "auto", image_size: int | None = None
) -> OnnxNetwork:
    """Load an exported model.

    Parameters
    ----------
    folder : Path
        What :func:`napari_sam2.engine.onnx.export.export_onnx` wrote.
    device : str, optional
        See :func:`napari_sam2.engine.onnx.providers.choose_providers`.
    image_size : int, optional
        Checked only: graphs have the size that they were exported with.

    Raises
    ------
    CheckpointError
        If the folder is damaged, is of another program, or of another image size.
    ModelError
        If ONNX Runtime is not installed.
    DeviceError
        If there is no such device.
    GpuMemoryError
        If there is not enough memory for the graphs.
    """
    manifest = read_manifest(folder)
    made_for = manifest.config.image_size
    if image_size not in (None, made_for):
        raise CheckpointError(
            f"{folder} was exported for an image size of {made_for} pixels and cannot "
            f"be used with {image_size}: export the model again, with --image-size "
            f"{image_size}."
        )
    return load_graphs(folder, manifest, device)


def load_graphs(folder: Path, manifest: Manifest, device: str) -> OnnxNetwork:
    """Load the graphs that a manifest names; see :func:`open_network`."""
    runtime = import_runtime()
    providers = choose_providers(device, runtime.get_available_providers())
    try:
        graphs = {
            part: Graph(runtime, folder / file.name, providers)
            for part, file in manifest.files.items()
        }
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise memory_error(error) from error
    if any(graph.provider != providers[0][0] for graph in graphs.values()):
        tell_fallback(device)  # its libraries are missing, which shows only now
    return OnnxNetwork(manifest, graphs)
