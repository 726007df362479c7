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

import numpy as np
import torch
from safetensors.torch import save

from napari_sam2.engine.kept_runs.conditions import describe_conditions
from napari_sam2.engine.kept_runs.memories import memories_json, memory_rows
from napari_sam2.engine.kept_runs.run_json import run_json
from napari_sam2.engine.kept_runs.said_json import said_json, sighting_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy.typing as npt
    from torch import Tensor

    from napari_sam2.engine.objects.memory import FrameMemory
    from napari_sam2.engine.objects.selection import Reach
    from napari_sam2.engine.objects.track import ObjectTrack, Tracked
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.runner import Paused

    Checksums = npt.NDArray[np.int64]

AMPLE_BYTES = 64 << 20
"""Where all that is known takes more, what only corrections look at is left out."""
WHAT, SEEN = "session", "seen"
VERSION = 2
STATE = ("logits", "ious", "pointers", "object_logits")


def pack_session(
    paused: Paused | None,
    tracks: ObjectTracks,
    parts: SessionParts,
    most_bytes: int,
    *,
    seen: Checksums | None,
    has_history: bool = True,
) -> bytes | None:
    """Return everything that is known of all objects, and a run that was stopped.

    What is too much is left out, as long as the run does not look at it: then only
    corrections of frames that were tracked long ago are answered otherwise.

    Parameters
    ----------
    paused : Paused or None
    tracks : ObjectTracks
    parts : SessionParts
        What the session computes with.
    most_bytes : int
        None is returned where these are not enough.
    seen : ndarray of int64 or None
        What tells the frames that were seen from others, if it is known.
    has_history : bool, optional
        Whether what only corrections look at may be among it.
    """
    everyone = tracks.of(tracks.ids)
    enough = [_enough(one, parts.rules.reach) for one in everyone]
    ample_bytes = min(AMPLE_BYTES, most_bytes) if has_history else 0
    for kept, most in ((everyone, ample_bytes), (enough, most_bytes)):
        if sum(map(_size, kept)) <= most:
            packed = _packed(paused, kept, parts, seen)
            if len(packed) <= most:
                return packed
    return None


def _enough(track: ObjectTrack, reach: Reach) -> ObjectTrack:
    """Return a track with no more memories than runs look at, here or at prompts."""
    bank = track.bank.enough(track.answers, reach)
    return replace(track, bank=replace(bank, conditioning={}))


def _packed(
    paused: Paused | None,
    tracks: Collection[ObjectTrack],
    parts: SessionParts,
    seen: Checksums | None,
) -> bytes:
    if seen is None:
        seen = np.full(parts.frame_count, -1, np.int64)
    tensors = {SEEN: torch.from_numpy(seen)}
    said = {
        "version": VERSION,
        "conditions": describe_conditions(parts),
        "objects": {str(one.object_id): _described(one) for one in tracks},
        "run": None if paused is None else run_json(paused),
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
        "made": memories_json(track.bank.conditioning),
        "recent": memories_json(track.bank.recent),
        "around": memories_json(track.bank.around),
    }


def _corrected_json(tracked: Tracked | None) -> dict[str, Any] | None:
    if tracked is None:
        return None
    view = None if tracked.mask is None else tuple(tracked.mask.view)
    return {"is_reverse": tracked.is_reverse, "view": view}


def _parts(track: ObjectTrack) -> dict[str, list[Tensor]]:
    """Return the tensors of a track, in the order in which they are described."""
    answers, bank = list(track.answers.values()), track.bank
    corrected = (one.correction_of for one in answers)
    masks = (one.mask for one in corrected if one is not None)
    return {
        "visits": [torch.frombuffer(track.visits, dtype=torch.uint8)],
        **{name: [getattr(one.state, name)[0] for one in answers] for name in STATE},
        "corrected": [one.logits[0] for one in masks if one is not None],
        **_named("made", bank.conditioning),
        **_named("recent", bank.recent),
        **_named("around", bank.around),
    }


def _named(name: str, memories: Mapping[int, FrameMemory]) -> dict[str, list[Tensor]]:
    return {f"{name}.{one}": rows for one, rows in memory_rows(memories).items()}
