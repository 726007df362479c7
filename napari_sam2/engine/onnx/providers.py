"""Which of ONNX Runtime's execution providers a device means."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_sam2.core.errors import DeviceError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)

Provider: TypeAlias = tuple[str, dict[str, Any]]

CPU = "CPUExecutionProvider"
DIRECTML = "DmlExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_CORE_ML = "CoreMLExecutionProvider"
_OPENVINO = "OpenVINOExecutionProvider"
_PROVIDERS = {
    "cuda": _CUDA,
    "directml": DIRECTML,
    "coreml": _CORE_ML,
    "mps": _CORE_ML,  # as PyTorch calls an Apple GPU
    "openvino": _OPENVINO,
    "cpu": CPU,
}
# Core ML and OpenVINO may round more than they are asked to: they must be named.
_AUTOMATIC = ("cuda", "directml")
ON_PROCESSOR: frozenset[str] = frozenset({CPU, _OPENVINO})
"""Those that compute in the processor's memory, and no quicker than it does."""
MAY_ROUND: frozenset[str] = frozenset({_CUDA, _CORE_ML, _OPENVINO})
"""Those that may multiply in less than graphs say; CUDA does, in TF32, on new GPUs."""


def import_runtime() -> Any:
    """Import ONNX Runtime.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "Running an exported model needs the package onnxruntime: pip install "
            "'napari-sam2[onnx]'. For a GPU, install onnxruntime-gpu (NVIDIA) or "
            "onnxruntime-directml (Windows) in its place."
        ) from error
    return onnxruntime


def is_processor(device: str) -> bool:
    """Whether ONNX Runtime computes on the processor where it is told this device.

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed.
    DeviceError
        If there is no such device anywhere.
    """
    available = import_runtime().get_available_providers()
    provider, _ = _provider_of(device, available)
    return provider in ON_PROCESSOR or provider not in available


def choose_providers(device: str, available: Sequence[str]) -> list[Provider]:
    """Return the providers to compute with, in order of preference.

    A device that is not there is replaced by the processor, with a notice.

    Parameters
    ----------
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"directml"``, ``"coreml"``
        or ``"openvino"``.
    available : sequence of str
        What this build of ONNX Runtime has.

    Raises
    ------
    DeviceError
        If there is no such device anywhere.
    """
    provider, options = _provider_of(device, available)
    if provider not in available:
        tell_fallback(device)
        return [(CPU, {})]
    return [(provider, options)] + ([(CPU, {})] if provider != CPU else [])


def _provider_of(device: str, available: Sequence[str]) -> Provider:
    """Return what a device means, whether it is available or not."""
    if device == "auto":
        found = [name for name in _AUTOMATIC if _PROVIDERS[name] in available]
        device = next(iter(found), "cpu")
    name, colon, number = device.partition(":")
    if name not in _PROVIDERS or (colon and not number.isdecimal()):
        raise DeviceError(
            f"{device!r} is no device of ONNX Runtime: use auto, cpu, cuda, cuda:1, "
            "directml, coreml, mps or openvino."
        )
    return _PROVIDERS[name], {"device_id": int(number)} if number else {}


def tell_fallback(device: str) -> None:
    """Say that the processor computes in place of a device."""
    _log.warning(
        "This installation of ONNX Runtime cannot compute on %s: the processor does "
        "it. Which package brings which device: https://onnxruntime.ai/docs/install",
        device,
    )
