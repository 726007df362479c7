"""Graphs that ONNX Runtime has loaded, as functions of tensors."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.engine.onnx.providers import DIRECTML, ON_PROCESSOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.engine.onnx.providers import Provider

_NO_ROOM = "failed to allocate", "out of memory"
_NO_ROOM_HERE = "bad allocation", "bad_alloc"  # which C++ says of the computer alone
_QUIET = 3  # errors only


class Graph:
    """One graph, ready to run.

    Tensors are handed over and taken back where they lie in the processor's memory,
    without a copy on this side.

    Parameters
    ----------
    runtime : module
        ONNX Runtime.
    path : Path
        The ``.onnx`` file.
    providers : sequence of Provider
        What may compute, in order of preference.

    Raises
    ------
    CheckpointError
        If this ONNX Runtime cannot load the graph.
    torch.OutOfMemoryError, MemoryError
        If the GPU, or the computer, has not enough memory for it.
    """

    def __init__(self, runtime: Any, path: Path, providers: Sequence[Provider]) -> None:
        self._name = path.name
        try:
            with warnings.catch_warnings():  # of missing providers, which we tell too
                warnings.simplefilter("ignore", UserWarning)
                self._session = runtime.InferenceSession(
                    path, _options(runtime, providers), providers=list(providers)
                )
        except Exception as error:
            _raise_if_full(error, str(providers[0][0]))
            raise CheckpointError(_why_not_loaded(runtime, path, error)) from error
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def provider(self) -> str:
        """What computes most of it."""
        return str(self._session.get_providers()[0])

    def __call__(self, **inputs: Tensor) -> list[Tensor]:
        """Compute all outputs, in their order.

        Raises
        ------
        torch.OutOfMemoryError, MemoryError
            If the GPU, or the computer, has not enough memory.
        ModelError
            If ONNX Runtime fails otherwise.
        """
        feed = {name: one.contiguous().numpy() for name, one in inputs.items()}
        try:
            outputs = self._session.run(self._outputs, feed)
        except Exception as error:
            _raise_if_full(error, self.provider)
            raise ModelError(
                f"ONNX Runtime could not compute {self._name}: "
                f"{_first_sentence(error)} Try the processor (--device cpu), or "
                "PyTorch (--backend torch)."
            ) from error
        return [torch.from_numpy(one) for one in outputs]


def _raise_if_full(error: Exception, provider: str) -> None:
    """Raise what the engine expects where ONNX Runtime has found no memory."""
    said = str(error).lower()
    if not any(words in said for words in (*_NO_ROOM, *_NO_ROOM_HERE)):
        return
    sentence = f"ONNX Runtime is out of memory: {error}"
    if provider in ON_PROCESSOR or any(words in said for words in _NO_ROOM_HERE):
        raise MemoryError(sentence) from error
    raise torch.OutOfMemoryError(sentence) from error


def _options(runtime: Any, providers: Sequence[Provider]) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads of several graphs that spin while another works would starve it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if any(name == DIRECTML for name, _ in providers):
        options.enable_mem_pattern = False  # which DirectML demands
    return options


def _why_not_loaded(runtime: Any, path: Path, error: Exception) -> str:
    said = str(error)
    if "opset" in said.lower() or "ir version" in said.lower():
        return (
            f"{path} is written in a newer ONNX than onnxruntime "
            f"{runtime.__version__} knows: update it (pip install -U onnxruntime), or "
            "export the model again with this napari-sam2."
        )
    return f"ONNX Runtime cannot load {path}: {_first_sentence(error)}"


def _first_sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0].rstrip(".") + "."
