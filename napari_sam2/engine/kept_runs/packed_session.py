"""All that a session knows as bytes, so that another one goes on as if it was the same.

What :mod:`napari_sam2.engine.kept_runs.saved_run` writes is less: there prompts are
said again.
Here what was answered to them is kept as well, as it may depend on everything that was
said and tracked before. The bytes are those of a safetensors file, with all that is not
a tensor as JSON in its metadata. They may come from anywhere: nothing is believed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save

from napari_sam2.engine.kept_runs.conditions import describe_conditions
from napari_sam2.engine.kept_runs.run_json import run_json
from napari_sam2.engine.kept_runs.said_json import said_json, sighting_json
from napari_sam2.engine.objects.memory import MemoryBank

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_sam2.engine.objects.track import ObjectTrack, Tracked
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.runner import Paused

WHAT, SEEN = "session", "seen"
VERSION = 1
STATE = ("logits", "ious", "pointers", "object_logits")


def pack_session(
    paused: Paused, tracks: ObjectTracks, parts: SessionParts, most_bytes: int
) -> bytes | None:
    """Return a stopped run, and everything that is known of all objects.

    What is too much is left out, as long as the run does not look at it: then only
    corrections of frames that were tracked long ago are answered otherwise.

    Parameters
    ----------
    paused : Paused
    tracks : ObjectTracks
    parts : SessionParts
        What the session computes with.
    most_bytes : int
        None is returned where these are not enough.
    """
    everyone = tracks.of(tracks.ids)
    config = parts.model.config
    reach = max(config.memory_count, config.pointer_count) - 1
    for bounded in (everyone, [_enough(one, reach) for one in everyone]):
        if sum(map(_size, bounded)) <= most_bytes:
            return _packed(paused, bounded, parts)
    return None


def _enough(track: ObjectTrack, reach: int) -> ObjectTrack:
    """Return a track with no more memories than runs look at, here or at prompts."""
    last = list(track.bank.recent)[-reach:]
    kept = {
        frame: memory if frame in last else replace(memory, logits=None)
        for frame, memory in track.bank.recent.items()
        if frame in last or any(abs(frame - one) <= reach for one in track.answers)
    }
    return replace(track, bank=MemoryBank({}, kept))


def _packed(
    paused: Paused, tracks: Collection[ObjectTrack], parts: SessionParts
) -> bytes:
    tensors = {SEEN: torch.from_numpy(parts.encoder.reader.checksums)}
    said = {
        "version": VERSION,
        "conditions": describe_conditions(parts),
        "objects": {str(one.object_id): _described(one) for one in tracks},
        **run_json(paused),
    }
    for one in tracks:
        for name, rows in _parts(one).items():
            if rows:  # moved one by one, as a GPU may have no room for both
                moved = torch.stack([row.cpu() for row in rows])
                tensors[f"{one.object_id}.{name}"] = moved
    return save(tensors, {WHAT: json.dumps(said)})


def _size(track: ObjectTrack) -> int:
    parts = (part for parts in _parts(track).values() for part in parts)
    return sum(part.numel() * part.element_size() for part in parts)


def _described(track: ObjectTrack) -> dict[str, Any]:
    """Say of a track what is no tensor."""
    return {
        "answers": [
            {
                "frame": frame,
                "said": said_json(one.said),
                "sighting": sighting_json(one.sighting),
                "corrects": _corrected_json(one.correction_of),
            }
            for frame, one in track.answers.items()
        ],
        "conditioning": list(track.bank.conditioning),
        "recent": [
            {
                "frame": frame,
                "sighting": sighting_json(one.sighting),
                "is_reverse": one.is_reverse,
                "has_logits": one.logits is not None,
            }
            for frame, one in track.bank.recent.items()
        ],
    }


def _corrected_json(tracked: Tracked | None) -> dict[str, Any] | None:
    if tracked is None:
        return None
    view = None if tracked.mask is None else tuple(tracked.mask.view)
    return {"is_reverse": tracked.is_reverse, "view": view}


def _parts(track: ObjectTrack) -> dict[str, list[torch.Tensor]]:
    """Return the tensors of a track, in the order in which they are described."""
    answers, bank = list(track.answers.values()), track.bank
    made, recent = list(bank.conditioning.values()), list(bank.recent.values())
    corrected = (one.correction_of for one in answers)
    masks = (one.mask for one in corrected if one is not None)
    return {
        "visits": [torch.frombuffer(track.visits, dtype=torch.uint8)],
        **{name: [getattr(one.state, name)[0] for one in answers] for name in STATE},
        "corrected": [one.logits[0] for one in masks if one is not None],
        "made.spatial": [one.spatial for one in made],
        "made.pointers": [one.pointer for one in made],
        "recent.spatial": [one.spatial for one in recent],
        "recent.pointers": [one.pointer for one in recent],
        "recent.logits": [one.logits[0] for one in recent if one.logits is not None],
    }
