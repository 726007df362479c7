"""The options of every verb that opens a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.engine.weights import BUNDLED_NAME

if TYPE_CHECKING:
    import argparse


def add_model_options(
    parser: argparse.ArgumentParser, *, only_torch: bool = False
) -> None:
    """Add the choice of model and device, and of what computes if there is one."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="NAME|FILE|DIR",
        default=BUNDLED_NAME,
        help="a name that napari-sam2 models list shows, a file of weights, or a "
        "folder that napari-sam2 export-onnx wrote (default: %(default)s, which comes "
        "with the package)",
    )
    if not only_torch:
        _add_backend(group)
    group.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, cuda:1 or mps; with ONNX Runtime auto, cpu, cuda, "
        "cuda:1, directml, coreml or openvino (default: the fastest there is)",
    )
    group.add_argument(
        "--image-size",
        metavar="PIXELS",
        type=int,
        help="side of the square that frames are squashed to, a multiple of 32; "
        "smaller is faster and coarser (default: what the model was made for)",
    )


def _add_backend(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--backend",
        choices=("auto", "torch", "onnx"),
        default="auto",
        help="what computes: PyTorch, or ONNX Runtime (extra [onnx]), which has to "
        "export a model that is no such folder once (default: PyTorch, unless the "
        "model is such a folder)",
    )
