"""The parts of an exported model, run by PyTorch in place of ONNX Runtime."""

from __future__ import annotations

from napari_sam2.engine.onnx.interface import OPSET, parts_of
from napari_sam2.engine.onnx.manifest import Manifest
from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.onnx.parts import part_modules
from napari_sam2.engine.onnx.providers import CPU
from napari_sam2.model.sam2 import Sam2Model


def eager_network(model: Sam2Model) -> OnnxNetwork:
    """Return a network over the modules that graphs are made of."""
    modules = part_modules(model)
    return OnnxNetwork(
        manifest_of(model),
        {
            part.name: _graph(modules[part.name], part)
            for part in parts_of(model.config)
        },
    )


def manifest_of(model: Sam2Model) -> Manifest:
    """Return what the manifest says of a model, without files."""
    return Manifest(
        config=model.config,
        precision="fp32",
        opset=OPSET,
        weights_sha256="0" * 64,
        files={},
        no_memory_embedding=tuple(model.no_mem_embed.flatten().tolist()),
        no_object_pointer=tuple(model.no_obj_ptr.flatten().tolist()),
    )


def _graph(module, part):
    names = [port.name for port in part.inputs]

    def run(**inputs):
        assert list(inputs) == names
        for port in part.inputs:
            assert str(inputs[port.name].dtype) == f"torch.{port.dtype}"
            assert inputs[port.name].ndim == len(port.shape)
        outputs = module(*inputs.values())
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    run.provider = CPU
    return run
