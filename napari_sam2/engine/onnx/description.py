"""What an exported folder says about itself, for programs: the manifest's content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import napari_sam2
from napari_sam2.engine.frames.preprocess import MEAN, STD
from napari_sam2.engine.objects.prompting import GIVEN_THRESHOLD, LOGIT_LIMIT
from napari_sam2.engine.onnx.driving import MOST_PROMPTED
from napari_sam2.engine.onnx.interface import DIMENSIONS, parts_of
from napari_sam2.engine.onnx.manifest import FORMAT, VERSION
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.model.object_state import ABSENT_LOGIT, MASK_BIAS, MASK_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.engine.onnx.interface import Part, Port
    from napari_sam2.engine.onnx.manifest import Manifest


def manifest_json(manifest: Manifest, differences: Mapping[str, float]) -> str:
    """Return the manifest as JSON, with all that others need to drive the graphs.

    Parameters
    ----------
    manifest : Manifest
    differences : mapping of str to float
        By part: how far it was from PyTorch when it was made.
    """
    parts = {
        part.name: _part(part, manifest, differences[part.name])
        for part in parts_of(manifest.config)
    }
    content = {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"napari-sam2 {napari_sam2.__version__}",
        "weights_sha256": manifest.weights_sha256,
        "precision": manifest.precision,
        "opset": manifest.opset,
        "model": manifest.config.to_json(),
        "dimensions": DIMENSIONS,
        "parts": parts,
        "constants": _constants(manifest),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _part(part: Part, manifest: Manifest, difference: float) -> dict[str, Any]:
    file = manifest.files[part.name]
    return {
        "file": file.name,
        "bytes": file.size,
        "sha256": file.sha256,
        "purpose": part.purpose,
        "inputs": [_port(port) for port in part.inputs],
        "outputs": [_port(port) for port in part.outputs],
        "difference_from_pytorch": difference,
    }


def _port(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "dtype": port.dtype,
        "shape": list(port.shape),
        "meaning": port.meaning,
    }


def _constants(manifest: Manifest) -> dict[str, Any]:
    config, options = manifest.config, TrackerOptions()
    return {
        "image_mean": MEAN,
        "image_std": STD,
        "mask_threshold": 0.0,
        "absent_logit": ABSENT_LOGIT,
        "given_mask_threshold": GIVEN_THRESHOLD,
        "given_mask_logits": [MASK_BIAS, MASK_BIAS + MASK_SCALE],
        "largest_refined_logit": LOGIT_LIMIT,
        "refines_masks": config.refines_masks,
        "hole_cells": options.hole_area,
        "island_cells": options.island_area,
        "most_prompted_frames": MOST_PROMPTED,
        "memory_count": config.memory_count,
        "pointer_count": config.pointer_count,
        "pointer_time_span": config.pointer_time_span,
        "no_memory_embedding": manifest.no_memory_embedding,
        "no_object_pointer": manifest.no_object_pointer,
    }
