"""A module to an ONNX file, through PyTorch's exporter."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.onnx.interface import DIMENSIONS, FEWEST, OPSET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

    from napari_sam2.engine.onnx.interface import Part, Port

# Sizes to trace with, all different, so that none is taken for another.
_TRACED = dict(zip(DIMENSIONS, (2, 3, 5, 7, 11), strict=True))
_DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}
_OLDEST_TORCH = (2, 6)


def check_exporter() -> None:
    """Find what is missing for an export before it begins.

    Raises
    ------
    ModelError
        If a package is missing, or PyTorch is too old.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        try:
            import_module(package)
        except ImportError as error:
            raise ModelError(
                f"Exporting a model needs the package {package}: pip install "
                "'napari-sam2[onnx-export]'."
            ) from error
    found = tuple(map(int, torch.__version__.split(".")[:2]))
    if found < _OLDEST_TORCH:
        raise ModelError(
            f"Exporting a model needs PyTorch {'.'.join(map(str, _OLDEST_TORCH))} or "
            f"newer; this is {torch.__version__}. What is exported runs with any."
        )


def write_graph(module: nn.Module, part: Part, path: Path) -> None:
    """Write a part with open numbers of views, objects, points and memories."""
    sizes = {
        name: torch.export.Dim(name, min=fewest) for name, fewest in FEWEST.items()
    }
    with _quietly():
        torch.onnx.export(
            module.eval(),
            tuple(_example(port) for port in part.inputs),
            path,
            input_names=[port.name for port in part.inputs],
            output_names=[port.name for port in part.outputs],
            dynamic_shapes=tuple(_open_sizes(port, sizes) for port in part.inputs),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    _forget_origin(path)


def _example(port: Port) -> Tensor:
    shape = [_TRACED[n] if isinstance(n, str) else n for n in port.shape]
    return torch.zeros(shape, dtype=_DTYPES[port.dtype])


def _open_sizes(port: Port, sizes: dict[str, Any]) -> dict[int, Any]:
    return {axis: sizes[name] for axis, name in enumerate(port.shape) if name in sizes}


def _forget_origin(path: Path) -> None:
    """Drop what the exporter noted on every node: lines and paths of its source."""
    import onnx

    model = onnx.load(path)
    for thing in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del thing.metadata_props[:]
        thing.doc_string = ""
    onnx.save(model, path)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporter's notes on its own workings from the user."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
