"""``napari-sam2 export-onnx``: a model as ONNX graphs, for ONNX Runtime and others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.options.arguments import UsageError
from napari_sam2.cli.options.project import finish
from napari_sam2.engine.onnx.precision import COMPUTED_IN, tolerance
from napari_sam2.engine.weights import (
    MANIFEST,
    human_size,
    is_exported,
    resolve_weights,
    weights_sha256,
)
from napari_sam2.io.files.folder_output import atomic_folder

if TYPE_CHECKING:
    from napari_sam2.engine.onnx.export import Exported

_DESCRIPTION = """\
Write a model as a folder of ONNX graphs, which napari-sam2 and other programs can run
without PyTorch computing anything: image encoder, mask decoder with the prompts, memory
attention, memory encoder, and masks as prompts. The numbers of objects, points and
memories stay open. What was written is compared with the model. README.md and
manifest.json in the folder say how to drive it.
"""

_EPILOG = """\
examples:
  napari-sam2 export-onnx nano nano_onnx
  napari-sam2 track cells.tif -o labels.tif --point 1:0,120,88 --model nano_onnx

  a downloaded model, for smaller frames
    napari-sam2 export-onnx sam2.1-tiny tiny512 --image-size 512

Exporting needs the extra [onnx-export], and takes one to some minutes; running needs
the extra [onnx].
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export-onnx`` to the command line."""
    parser = subparsers.add_parser(
        "export-onnx",
        help="write a model as ONNX graphs, for ONNX Runtime and other programs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a name that napari-sam2 models list shows, or a file of weights",
    )
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="a new folder for the graphs"
    )
    _add_form_options(parser)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a folder of graphs"
    )
    parser.set_defaults(handler=_export)


def _add_form_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--image-size",
        metavar="PIXELS",
        type=int,
        help="side of the square that frames are squashed to, a multiple of 32; the "
        "graphs have no other (default: what the model was made for)",
    )
    parser.add_argument(
        "--precision",
        choices=tuple(COMPUTED_IN),
        default="fp32",
        help="fp16 halves the files, for GPUs and browsers; int8 multiplies small "
        "integers in the image encoder, which is quicker on a processor. Masks of the "
        "bundled model overlapped with those of fp32 by 0.997 and 0.94 at least "
        "(default: fp32)",
    )


def _export(args: argparse.Namespace) -> int:
    path = resolve_weights(args.model)
    if is_exported(path):
        raise UsageError(f"{path.parent} holds ONNX graphs already.")
    with atomic_folder(args.folder, _is_ours, overwrite=args.overwrite) as folder:
        # Torch takes seconds to import; what was said is checked before.
        from napari_sam2.engine.loading import load_torch_model
        from napari_sam2.engine.onnx.export import export_onnx

        model = load_torch_model(path, device="cpu", image_size=args.image_size)
        steps = export_onnx(
            model,
            folder,
            weights_sha256=weights_sha256(args.model),
            precision=args.precision,
        )
        exported = finish(steps, "exporting")
    _report(exported, args.folder)
    return 0


def _is_ours(path: Path) -> bool:
    if not (path.parent / MANIFEST).is_file():
        return False
    return path.name in (MANIFEST, "README.md") or path.suffix == ".onnx"


def _report(exported: Exported, folder: Path) -> None:
    print(f"{'PART':<24}  {'SIZE':>8}  {'DIFFERENCE':>10}  {'AT MOST':>8}")
    for part, file in exported.manifest.files.items():
        apart = exported.differences[part]
        most = tolerance(part, exported.manifest.precision)
        size = human_size(file.size)
        print(f"{file.name:<24}  {size:>8}  {apart:>10.1e}  {most:>8.1e}")
    print(
        "\nDIFFERENCE from PyTorch in float32, for random inputs: the largest of any "
        "number,\nover the largest number there."
    )
    print(f"\n{folder}: its README.md says how to run it.")
