"""Writing a model down as a folder of ONNX graphs that describes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import ModelError
from napari_sam2.engine.onnx.check import differences, random_inputs, sizes_to_check
from napari_sam2.engine.onnx.description import manifest_json
from napari_sam2.engine.onnx.handbook import handbook
from napari_sam2.engine.onnx.interface import OPSET, parts_of
from napari_sam2.engine.onnx.manifest import Manifest, look_at_file
from napari_sam2.engine.onnx.opening import load_graphs
from napari_sam2.engine.onnx.parts import part_modules
from napari_sam2.engine.onnx.precision import reduce_precision, tolerance
from napari_sam2.engine.onnx.writing import check_exporter, write_graph
from napari_sam2.engine.weights.exported import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from napari_sam2.engine.network import Network
    from napari_sam2.engine.onnx.precision import GraphPrecision
    from napari_sam2.model.sam2 import Sam2Model


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    manifest : Manifest
    differences : mapping of str to float
        By part: the largest difference from PyTorch that was found, relative to the
        largest number that the part returned.
    """

    manifest: Manifest
    differences: Mapping[str, float]


def export_onnx(
    model: Sam2Model,
    folder: Path,
    *,
    weights_sha256: str,
    precision: GraphPrecision = "fp32",
) -> Generator[Progress, None, Exported]:
    """Write a model to an empty folder, and compare what was written with the model.

    Parameters
    ----------
    model : Sam2Model
        In float32, on the CPU.
    folder : Path
        Gets a file for each part, ``manifest.json`` and ``README.md``.
    weights_sha256 : str
        Of the file that the model was loaded from.
    precision : {"fp32", "fp16", "int8"}, optional
        How the graphs compute: in float32; in float16, for GPUs and browsers; or with
        8-bit products in the image encoder.

    Yields
    ------
    Progress
        Parts written, and then compared.

    Raises
    ------
    ModelError
        If a package is missing, or what was written computes something else.
    """
    check_exporter()
    yield from _write_graphs(model, folder, precision)
    manifest = Manifest(
        config=model.config,
        precision=precision,
        opset=OPSET,
        weights_sha256=weights_sha256,
        files={
            part.name: look_at_file(folder / part.file_name)
            for part in parts_of(model.config)
        },
        no_memory_embedding=tuple(model.no_mem_embed.flatten().tolist()),
        no_object_pointer=tuple(model.no_obj_ptr.flatten().tolist()),
    )
    found = yield from _compare(load_graphs(folder, manifest, "cpu"), model, precision)
    (folder / MANIFEST).write_text(manifest_json(manifest, found), "utf-8")
    (folder / "README.md").write_text(handbook(manifest), "utf-8")
    return Exported(manifest, found)


def _write_graphs(
    model: Sam2Model, folder: Path, precision: GraphPrecision
) -> Iterator[Progress]:
    parts, modules = parts_of(model.config), part_modules(model)
    for done, part in enumerate(parts):
        yield Progress(done, len(parts) + 1, f"writing {part.file_name}")
        write_graph(modules[part.name], part, folder / part.file_name)
        reduce_precision(folder / part.file_name, part.name, precision)


def _compare(
    network: Network, model: Sam2Model, precision: GraphPrecision
) -> Generator[Progress, None, dict[str, float]]:
    """Return how far each part is from PyTorch, for inputs of several sizes.

    Raises
    ------
    ModelError
        If it is too far.
    """
    done = len(parts_of(model.config))
    yield Progress(done, done + 1, "comparing with PyTorch")
    inputs = [random_inputs(model.config, n) for n in sizes_to_check(model.config)]
    is_exact = precision != "fp16"
    draws = [differences(network, model, one, same_choice=is_exact) for one in inputs]
    found = {part: max(one[part] for one in draws) for part in draws[0]}
    for part, apart in found.items():
        if not apart <= tolerance(part, precision):
            raise ModelError(
                f"The exported {part} does not compute what the model does (off by "
                f"{apart:.2g}), so nothing was written. Try other versions of torch, "
                "onnxscript and onnxruntime, and please report this with what "
                "napari-sam2 doctor prints."
            )
    return found
