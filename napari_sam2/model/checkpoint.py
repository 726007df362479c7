"""Weights files to models: safely read, recognised by tensors, loaded strictly."""

from __future__ import annotations

import math
import pickle
import re
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.json_text import parse_json
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.model.config import VARIANTS, Sam2Config, config_from_json
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from pathlib import Path

StateDict = dict[str, Tensor]

_PATCH = "image_encoder.trunk.patch_embed.proj.weight"
_BLOCK = re.compile(r"image_encoder\.trunk\.blocks\.(\d+)\.norm1\.weight")


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


def _read_safetensors(path: Path) -> StateDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a readable safetensors file ({error}): it may be "
            "truncated. Get it again."
        ) from error


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
    """Unwrap Meta's ``{"model": …}`` and check that tensors are all there is."""
    if isinstance(content, dict) and isinstance(content.get("model"), dict):
        content = content["model"]
    if (
        not isinstance(content, dict)
        or not content
        or not all(isinstance(name, str) for name in content)
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise CheckpointError(
            f"{path.name} holds no model weights: a SAM 2 checkpoint maps names to "
            "tensors."
        )
    return content


def infer_config(state: StateDict) -> Sam2Config:
    """Recognise a released variant by the names and shapes of its tensors.

    Raises
    ------
    CheckpointError
        If the tensors are not those of SAM 2 or SAM 2.1.
    """
    blocks = sum(1 for name in state if _BLOCK.fullmatch(name))
    if _PATCH not in state or not blocks or "obj_ptr_proj.layers.0.weight" not in state:
        raise CheckpointError(
            "These are not the weights of a SAM 2 model: "
            f"{_unlike(state)}. SAM 1, SAM 3 and other networks cannot be used."
        )
    version = "2.1" if "no_obj_embed_spatial" in state else "2.0"
    width = state[_PATCH].shape[0]
    for config in VARIANTS.values():
        if (config.version, config.embed_dim, sum(config.stages)) == (
            version,
            width,
            blocks,
        ):
            return config
    raise CheckpointError(
        f"A SAM {version} model with {blocks} blocks of width {width} is none of the "
        "released sizes; put its description beside it, as a .json file of the same "
        "name."
    )


def _unlike(state: StateDict) -> str:
    return "the first tensor is called " + repr(next(iter(state), "nothing"))


def read_config(path: Path) -> Sam2Config | None:
    """Read the model description beside a weights file, if there is one."""
    description = path.with_suffix(".json")
    if not description.is_file():
        return None
    try:
        values = parse_json(description.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"The model description {description.name} cannot be read: {error}."
        ) from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{description.name} is no model description.")
    return config_from_json(values)


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


def config_of(path: Path, state: StateDict, image_size: int | None) -> Sam2Config:
    """Return the shape of a model from what lies beside its file, or its tensors.

    Raises
    ------
    CheckpointError
        If neither says it, or the image size is none.
    """
    config = read_config(path) or infer_config(state)
    if image_size is None:
        return config
    try:
        return config.at_size(image_size)
    except ValueError as error:
        raise CheckpointError(f"This model cannot be used: {error}.") from error


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
