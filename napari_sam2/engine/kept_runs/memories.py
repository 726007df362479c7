"""Memories of tracked frames, as JSON and tensors, and back, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.engine.device import kept_dtype
from napari_sam2.engine.kept_runs.said_json import sighting_from, sighting_json
from napari_sam2.engine.objects.memory import FrameMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from napari_sam2.engine.parts import SessionParts

    Rows = Callable[..., list[Tensor]]
    """Returns tensors by name, how many there are, and the shape of one."""


def memories_json(memories: Mapping[int, FrameMemory]) -> list[dict[str, Any]]:
    """Say of memories, in their order, what is no tensor."""
    return [
        {
            "frame": frame,
            "is_reverse": one.is_reverse,
            "has_spatial": one.spatial is not None,
            "has_logits": one.logits is not None,
            **sighting_json(one.sighting),
        }
        for frame, one in memories.items()
    ]


def memory_rows(memories: Mapping[int, FrameMemory]) -> dict[str, list[Tensor]]:
    """Return the tensors of memories, by what they are."""
    every = list(memories.values())
    return {
        "spatial": [one.spatial for one in every if one.spatial is not None],
        "pointers": [one.pointer for one in every],
        "logits": [one.logits[0] for one in every if one.logits is not None],
    }


def memories_from(
    said: list[dict[str, Any]], rows: Rows, parts: SessionParts
) -> dict[int, FrameMemory]:
    """Return memories on the device of the model.

    Raises
    ------
    ValueError, KeyError, TypeError
        If these are none of this model and stack.
    """
    config, device = parts.model.config, parts.model.device
    size, side = (config.grid**2, config.memory_dim), config.mask_size
    count = sum(bool(one["has_spatial"]) for one in said)
    spatial = iter(rows("spatial", count, *size))
    logits_count = sum(bool(one["has_logits"]) for one in said)
    logits = iter(rows("logits", logits_count, 1, side, side))
    pointers = rows("pointers", len(said), config.hidden_dim)
    if not all(0 <= one["frame"] < parts.frame_count for one in said):
        raise ValueError("it is of another stack")
    return {
        one["frame"]: FrameMemory(
            next(spatial).to(kept_dtype(device)) if one["has_spatial"] else None,
            pointer,
            sighting_from(one, parts.shape_hw),
            next(logits)[None] if one["has_logits"] else None,
            is_reverse=bool(one["is_reverse"]),
        )
        for one, pointer in zip(said, pointers, strict=True)
    }
