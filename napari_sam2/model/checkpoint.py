"""Weights files to models: safely read, loaded strictly."""

from __future__ import annotations

import math
import pickle
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.model.description import config_of
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.model.config import Sam2Config

StateDict = dict[str, Tensor]


def read_state_dict(path: Path) -> StateDict:
    """Read the tensors of a ``.pt``, ``.pth`` or ``.safetensors`` file.

    Nothing but tensors is ever unpickled: a file that would run code is refused.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated, unsafe, or holds something else.
    """
    if not path.is_file():
        raise CheckpointError(f"The weights file {path} does not exist.")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return _read_pickled(path)


def read_shapes(path: Path) -> StateDict:
    """Return tensors of the same shapes, for which the rest of a file is not read.

    Raises
    ------
    CheckpointError
        As :func:`read_state_dict`.
    """
    if path.suffix != ".safetensors" or not path.is_file():
        return read_state_dict(path)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise _no_safetensors(path, error) from error
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


def _read_safetensors(path: Path) -> StateDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _no_safetensors(path, error) from error


def _no_safetensors(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is not a readable safetensors file ({error}): it may be "
        "truncated. Get it again."
    )


def _read_pickled(path: Path) -> StateDict:
    try:
        with warnings.catch_warnings():  # the error says what is wrong with a file
            warnings.simplefilter("ignore", UserWarning)
            # Of a mapped file only what is looked at is read: of shapes, nothing.
            is_mapped = zipfile.is_zipfile(path)
            content = torch.load(
                path, map_location="cpu", weights_only=True, mmap=is_mapped
            )
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path.name} was refused: it is no plain weights file. It is either "
            "damaged or holds code that would run when it is opened. Use a checkpoint "
            "from its original publisher."
        ) from error
    except (
        RuntimeError, EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile,
        struct.error, AttributeError, TypeError, IndexError,
    ) as error:  # fmt: skip
        if is_out_of_memory(error):
            raise
        raise CheckpointError(
            f"{path.name} cannot be read: it is truncated or is no weights file. "
            "Get it again."
        ) from error
    return _only_tensors(content, path)


def _only_tensors(content: Any, path: Path) -> StateDict:
    """Unwrap Meta's ``{"model": …}`` and check that there are tensors, of numbers."""
    if isinstance(content, dict) and isinstance(content.get("model"), dict):
        content = content["model"]
    if (
        not isinstance(content, dict)
        or not content
        or not all(isinstance(name, str) for name in content)
        or not all(isinstance(value, Tensor) for value in content.values())
        or any(value.is_meta for value in content.values())
    ):
        raise CheckpointError(
            f"{path.name} holds no model weights: a SAM 2 checkpoint maps names to "
            "tensors of numbers."
        )
    return content


def load_weights(path: Path, *, image_size: int | None = None) -> Sam2Model:
    """Load a model from a file, in float32 on the CPU, ready for inference.

    Parameters
    ----------
    path : Path
        ``.pt``, ``.pth`` or ``.safetensors``.
    image_size : int, optional
        Side of the model's image in pixels, a multiple of 32; by default what the
        description beside the file says, else 1024.

    Raises
    ------
    CheckpointError
        If the file cannot be read or its tensors do not fit.
    """
    state = read_state_dict(path)
    config = config_of(path, state, image_size)
    return build_model(config, state, name=path.name)


def build_model(config: Sam2Config, state: StateDict, *, name: str) -> Sam2Model:
    """Make a model and fill it strictly.

    Raises
    ------
    CheckpointError
        If a tensor is missing, superfluous, of another shape, or not finite: it would
        make every mask empty without a word.
    """
    try:
        with torch.inference_mode(False), torch.device("meta"):
            model = Sam2Model(config)
        with torch.inference_mode(False):
            own = {key: _own(tensor) for key, tensor in state.items()}
            model.load_state_dict(own, strict=True, assign=True)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        problem = str(error).splitlines()[-1].strip()
        raise CheckpointError(
            f"{name} does not fit the {config.name} model: {problem}"
        ) from error
    damaged = [key for key, tensor in own.items() if not _is_finite(tensor)]
    if damaged:
        raise CheckpointError(
            f"{name} is damaged: {damaged[0]} holds numbers that are not finite. Get "
            "it again."
        )
    return model.eval().requires_grad_(False)


def _is_finite(tensor: Tensor) -> bool:
    """Whether all of it is, in one pass: whatever is not finite shows in the sum."""
    return math.isfinite(tensor.sum().item())


def _own(tensor: Tensor) -> Tensor:
    """Return a float32 tensor that no memory-mapped file lies behind."""
    return tensor.to(torch.float32, copy=True).contiguous()
