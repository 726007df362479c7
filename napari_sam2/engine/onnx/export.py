"""Writing a model down as a folder of ONNX graphs that describes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import ModelError
from napari_sam2.engine.onnx.check import differences, random_inputs, sizes_to_check
from napari_sam2.engine.onnx.description import manifest_json
from napari_sam2.engine.onnx.handbook import handbook
from napari_sam2.engine.onnx.interface import MANIFEST, OPSET, parts_of
from napari_sam2.engine.onnx.manifest import Manifest, look_at_file
from napari_sam2.engine.onnx.opening import load_graphs
from napari_sam2.engine.onnx.parts import part_modules
from napari_sam2.engine.onnx.writing import check_exporter, write_graph

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from napari_sam2.model.sam2 import Sam2Model

TOLERANCE = 1e-3
"""How far a graph may be from PyTorch, relative to the largest number it returns."""


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
    model: Sam2Model, folder: Path, *, weights_sha256: str
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
    parts, modules = parts_of(model.config), part_modules(model)
    checks = sizes_to_check(model.config)
    total = len(parts) + len(checks)
    for done, part in enumerate(parts):
        yield Progress(done, total, f"writing {part.file_name}")
        write_graph(modules[part.name], part, folder / part.file_name)
    manifest = Manifest(
        config=model.config,
        precision="fp32",
        opset=OPSET,
        weights_sha256=weights_sha256,
        files={part.name: look_at_file(folder / part.file_name) for part in parts},
        no_memory_embedding=tuple(model.no_mem_embed.flatten().tolist()),
        no_object_pointer=tuple(model.no_obj_ptr.flatten().tolist()),
    )
    network = load_graphs(folder, manifest, "cpu")
    found = dict.fromkeys(manifest.files, 0.0)
    for done, sizes in enumerate(checks, len(parts)):
        yield Progress(done, total, "comparing with PyTorch")
        apart = differences(network, model, random_inputs(model.config, sizes))
        found = {part: max(found[part], apart[part]) for part in found}
    _check(found)
    (folder / MANIFEST).write_text(manifest_json(manifest, found), "utf-8")
    (folder / "README.md").write_text(handbook(manifest), "utf-8")
    return Exported(manifest, found)


def _check(found: Mapping[str, float]) -> None:
    for part, difference in found.items():
        if not difference <= TOLERANCE:
            raise ModelError(
                f"The exported {part} does not compute what the model does (off by "
                f"{difference:.2g}), so nothing was written. Try other versions of "
                "torch, onnxscript and onnxruntime, and please report this with what "
                "napari-sam2 doctor prints."
            )
