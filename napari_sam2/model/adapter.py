"""Adapters: changes to a model's weights, merged in when it is loaded.

A merged model is an ordinary one, so that adapters cost nothing per frame. A tensor
``NAME.delta`` is added to the weight ``NAME``; ``NAME.up`` and ``NAME.down`` are the
two factors of a change of low rank, ``up @ down``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.checkpoint import build_model, read_state_dict
from napari_sam2.model.description import config_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from napari_sam2.model.checkpoint import StateDict
    from napari_sam2.model.sam2 import Sam2Model

DELTA, UP, DOWN = ".delta", ".up", ".down"


def load_adapted(
    base: Path, adapter: Path, *, image_size: int | None = None
) -> Sam2Model:
    """Load a model with an adapter merged in, in float32 on the CPU.

    Parameters
    ----------
    base : Path
        Weights that the adapter was made for.
    adapter : Path
        ``.safetensors``
    image_size : int, optional
        As for :func:`napari_sam2.model.checkpoint.load_weights`.

    Raises
    ------
    CheckpointError
        If either cannot be read, or the adapter does not fit.
    """
    state = read_state_dict(base)
    config = config_of(base, state, image_size)
    merged = merge(state, read_state_dict(adapter), name=adapter.name)
    return build_model(config, merged, name=base.name)


def merge(state: StateDict, changes: StateDict, *, name: str) -> StateDict:
    """Return weights with changes added, in float32 where they changed.

    Parameters
    ----------
    state : dict of str to Tensor
        Weights of the base; left as they are.
    changes : dict of str to Tensor
        Tensors of an adapter.
    name : str
        Of the adapter, for messages.

    Raises
    ------
    CheckpointError
        If a change is of a weight that the base lacks, of another shape, incomplete,
        or not finite.
    """
    merged = dict(state)
    for weight, parts in _by_weight(changes, name).items():
        if weight not in state:
            raise _misfit(name, f"the base has no weight {weight}")
        change = _change(parts, weight, name)
        if change.shape != state[weight].shape:
            raise _misfit(name, f"{weight} has another shape in the base")
        merged[weight] = state[weight].to(torch.float32) + change
    return merged


def _by_weight(changes: StateDict, name: str) -> dict[str, StateDict]:
    """Return the parts of each weight's change by their endings."""
    found: dict[str, StateDict] = {}
    for key, tensor in changes.items():
        weight, dot, ending = key.rpartition(".")
        if dot + ending not in (DELTA, UP, DOWN):
            raise _misfit(name, f"{key} is no change of a weight")
        if not tensor.isfinite().all():
            raise _misfit(name, f"{key} holds values that are not finite")
        found.setdefault(weight, {})[dot + ending] = tensor.to(torch.float32)
    if not found:
        raise _misfit(name, "it changes nothing")
    return found


def _change(parts: StateDict, weight: str, name: str) -> Tensor:
    if parts.keys() == {DELTA}:
        return parts[DELTA]
    if parts.keys() != {UP, DOWN}:
        raise _misfit(name, f"the change of {weight} is not complete")
    up, down = parts[UP], parts[DOWN]
    if up.ndim != 2 or down.ndim != 2 or up.shape[1] != down.shape[0]:
        raise _misfit(name, f"the parts of {weight} do not fit each other")
    return up @ down


def _misfit(name: str, why: str) -> CheckpointError:
    return CheckpointError(
        f"The adapter {name} cannot be used: {why}. It is damaged, or was made for "
        "another model. Get it again, or tune again."
    )
