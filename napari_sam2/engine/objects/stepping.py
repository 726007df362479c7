"""One tracked frame for many objects at once: those whose memories stack."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.engine.device import apart, kept_dtype, upload, working_memory
from napari_sam2.engine.views.view import move_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_sam2.engine.network import Network, Recalled
    from napari_sam2.engine.objects.memory import MemoryBank
    from napari_sam2.engine.objects.selection import Selection
    from napari_sam2.engine.views.view import View
    from napari_sam2.engine.views.window import Sighting
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.object_state import ObjectState

_LARGEST_GROUP = 64


class MemoryQuery(NamedTuple):
    """One object that is to be found on a frame, and what it looks back at.

    ``seen`` says where it was last, and how many frames ago, where that is of use.
    """

    object_id: int
    bank: MemoryBank
    selection: Selection
    view: View
    seen: tuple[Sighting, int] | None = None


class Prediction(NamedTuple):
    """The answer for one object: a batch of one, and its new spatial memory."""

    state: ObjectState
    spatial: Tensor  # (h * w, memory_dim), of engine.device.kept_dtype


def group_by_memory(objects: Sequence[MemoryQuery]) -> list[list[MemoryQuery]]:
    """Put objects that look back at the same slots and ages together.

    Their memories stack without padding, so a group is exactly what its objects are one
    by one.
    """
    groups: dict[object, list[MemoryQuery]] = defaultdict(list)
    for one in objects:
        groups[one.selection.shape].append(one)
    return list(groups.values())


def track(
    model: Network, features: ImageFeatures, group: Sequence[MemoryQuery], span: int
) -> list[Prediction]:
    """Find a group of objects on one frame from their memories.

    Parameters
    ----------
    model : Network
    features : ImageFeatures
        The frame's: one for all objects, or one for each.
    group : sequence of MemoryQuery
        Objects whose selections have the same shape.
    span : int
        Frames that pointer ages are divided by.
    """
    if group[0].selection.spatial:
        coarse = model.attend_memory(features, gather(model, group, span))
    else:
        coarse = model.without_memory(features)
    prompts = model.embed_no_prompts(len(group))
    state = model.decode(coarse, features, prompts, ambiguous=True)
    memory = model.encode_memory(
        features, state.logits, state.object_logits, is_prompted=False
    )
    return split(state, memory)


def gather(model: Network, group: Sequence[MemoryQuery], span: int) -> Recalled:
    """Put together what a group looks back at, for :meth:`Network.attend_memory`."""
    selection, count = group[0].selection, len(group)
    seen = [_seen_from(one, f) for one in group for _, f in one.selection.spatial]
    spatial = torch.cat(seen).unflatten(0, (count, -1))  # (B, M * hw, memory_dim)
    pointers = spatial.new_empty(count, 0, model.config.hidden_dim)
    if selection.pointers:
        frames = ((one.bank, f) for one in group for _, f in one.selection.pointers)
        known = torch.stack([bank[f].pointer for bank, f in frames])
        pointers = known.unflatten(0, (count, -1))  # (B, P, C)
    ages = torch.tensor([age / span for age, _ in selection.pointers])
    slots = [slot for slot, _ in selection.spatial]
    return model.recall(spatial, slots, pointers, upload(ages, spatial.device))


def _seen_from(one: MemoryQuery, frame: int) -> Tensor:
    """Return a spatial memory, (hw, c), as it lies in the view that is looked at."""
    memory = one.bank[frame]
    assert memory.spatial is not None, "it is not selected"
    return move_tokens(memory.spatial, memory.sighting.view, one.view)


def split(state: ObjectState, memory: Tensor) -> list[Prediction]:
    """Part a batch of answers and memories into one per object."""
    spatial = memory.flatten(2).transpose(1, 2)  # (B, hw, c)
    spatial = spatial.to(kept_dtype(memory.device))
    states = map(type(state)._make, zip(*map(apart, state), strict=True))
    memories = (one[0] for one in apart(spatial))
    return list(map(Prediction, states, memories))


def objects_at_once(model: Network) -> int:
    """Return how many objects together fit the memory that a device has now."""
    fit = working_memory(model.device) // bytes_per_object(model.config)
    return max(1, min(fit, _LARGEST_GROUP))


def bytes_per_object(config: Sam2Config) -> int:
    """Estimate the activations that one object adds to a group, in bytes.

    Memory attention holds keys, rotated keys and values of a full bank, the decoder its
    upscaled features, the memory encoder the mask at full size.
    """
    tokens = config.grid**2
    attention = 3 * config.memory_count * tokens * config.hidden_dim
    feed_forward = tokens * config.memory_ffn
    pixels = config.image_size**2
    return 4 * (attention + feed_forward + 3 * pixels)
