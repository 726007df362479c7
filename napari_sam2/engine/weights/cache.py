"""Where downloaded weights live, and which file a name or a path means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.core.given import check_given
from napari_sam2.engine.weights.bundled import bundled_path, is_bundled
from napari_sam2.engine.weights.exported import MANIFEST
from napari_sam2.engine.weights.integrity import (
    Condition,
    condition_of,
    examine,
    glance,
    was_found_damaged,
)
from napari_sam2.engine.weights.registry import (
    Checkpoint,
    find_checkpoint,
    match_checkpoint,
    unknown_model,
)

if TYPE_CHECKING:
    from collections.abc import Generator

CACHE_VARIABLE = "NAPARI_SAM2_CACHE"

_WEIGHT_ENDINGS = {".pt", ".pth", ".ckpt", ".safetensors"}
_GRAPH_ENDING = ".onnx"


def cache_folder() -> Path:
    """Return the folder of downloaded weights, which need not exist yet.

    It is the user's cache folder of the operating system, or what the environment
    variable ``NAPARI_SAM2_CACHE`` names.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("napari-sam2", appauthor=False)


def cached_path(checkpoint: Checkpoint | str) -> Path:
    """Return where a checkpoint lies, or would lie, in the cache.

    Raises
    ------
    ModelError
        If a name means no checkpoint.
    """
    if isinstance(checkpoint, str):
        checkpoint = find_checkpoint(checkpoint)
    return cache_folder() / checkpoint.file_name


def presence(checkpoint: Checkpoint) -> Condition:
    """Say whether a checkpoint is in the cache, without reading it.

    Its size tells, and whether it was found damaged when it was read last.
    """
    path = cached_path(checkpoint)
    condition = glance(checkpoint, path)
    is_suspect = condition is Condition.INTACT and was_found_damaged(path)
    return Condition.WRONG_HASH if is_suspect else condition


def verify(checkpoint: Checkpoint) -> Generator[int, None, Condition]:
    """Hash a checkpoint in the cache, whatever is remembered about it.

    Yields
    ------
    int
        Bytes hashed so far.

    Returns
    -------
    Condition
        A file found damaged is not loaded again before it is replaced.

    Raises
    ------
    CheckpointError
        If the file cannot be read.
    """
    path = cached_path(checkpoint)
    try:
        return (yield from examine(checkpoint, path))
    except OSError as error:
        raise _unreadable(path, error) from error


def resolve_weights(name_or_path: str | Path) -> Path:
    """Return the file of weights that a name or a path means.

    Names win over files of the same name; write ``./nano`` for a file called nano. A
    file name of Meta's (``sam2.1_hiera_tiny.pt``) means the file if there is one, or
    else the checkpoint. A cached file that has changed since it was checked is hashed
    again.

    Parameters
    ----------
    name_or_path : str or Path
        ``nano``, a checkpoint such as ``sam2.1-tiny``, the path of a file, or the
        folder of an exported model, whose manifest stands for it.

    Raises
    ------
    ModelError
        If nothing is called so, or it is not yet downloaded.
    CheckpointError
        If the downloaded file is damaged.
    """
    advice = "give a name, such as 'nano', or the path of a file of weights"
    check_given(name_or_path, str | os.PathLike, "model", advice, ModelError)
    text = str(name_or_path)
    if isinstance(name_or_path, str) and is_bundled(text):
        return bundled_path()
    path = Path(name_or_path).expanduser()
    checkpoint = match_checkpoint(text)
    is_plain_name = isinstance(name_or_path, str) and path.suffix not in _WEIGHT_ENDINGS
    if checkpoint is not None and (is_plain_name or not path.exists()):
        return _cached_and_intact(checkpoint)
    try:
        return _existing_file(path, text)
    except OSError as error:  # its name is too long, say
        raise _unreadable(path, error) from error


def _existing_file(path: Path, text: str) -> Path:
    if path.suffix == _GRAPH_ENDING:
        raise _no_whole_model(path)
    if path.is_file():
        return path
    if path.is_dir():
        if (path / MANIFEST).is_file():
            return path / MANIFEST
        raise ModelError(
            f"{path} is a folder: give the path of a .pt or .safetensors file in it, "
            "or a folder that napari-sam2 export-onnx has written."
        )
    if path.suffix in _WEIGHT_ENDINGS:
        raise ModelError(f"There is no weights file {path}: check the path.")
    if len(path.parts) > 1:
        raise ModelError(
            f"There is no file of weights, or folder of graphs, {path}: check the path."
        )
    raise unknown_model(text)


def _no_whole_model(path: Path) -> ModelError:
    """Make the error for a single graph."""
    if (path.parent / MANIFEST).is_file():
        return ModelError(
            f"{path} is one part of an exported model: give its folder, {path.parent}."
        )
    return ModelError(
        f"{path} is a graph by itself: give the path of a .pt or .safetensors file, or "
        "of a folder that napari-sam2 export-onnx has written."
    )


def _unreadable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(f"{path} cannot be read: {error.strerror or error}.")


def _cached_and_intact(checkpoint: Checkpoint) -> Path:
    path = cached_path(checkpoint)
    try:
        condition = condition_of(checkpoint, path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if condition is Condition.INTACT:
        return path
    remedy = (
        "download it (dock: Model › Download; command line: napari-sam2 models "
        f"download {checkpoint.name})."
    )
    if condition is Condition.MISSING:
        raise ModelError(
            f"The model {checkpoint.name} is not on this machine yet: {remedy}"
        )
    raise CheckpointError(
        f"{path} {condition.value}, so it is not loaded: to replace it, {remedy}"
    )
