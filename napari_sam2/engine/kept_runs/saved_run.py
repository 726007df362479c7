"""A stopped run in a file: how far it came, and what it looks back at.

Prompts are not in it: they are said, and answered, again. A file is one of safetensors,
with all that is not a tensor as JSON in its metadata.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from napari_sam2.core.errors import CheckpointError, OutputError, PromptError
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.engine.device import kept_dtype
from napari_sam2.engine.kept_runs.conditions import (
    check_conditions,
    check_frames,
    describe_conditions,
)
from napari_sam2.engine.kept_runs.run_json import run_from, run_json
from napari_sam2.engine.kept_runs.said_json import sighting_from, sighting_json
from napari_sam2.engine.objects.memory import FrameMemory
from napari_sam2.engine.objects.track import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_sam2.engine.objects.track import ObjectTrack
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.plan import Plan
    from napari_sam2.engine.runs.runner import Paused

_RUN, _SEEN = "run", "seen"
_VERSION = 2


def save_run(
    path: Path, paused: Paused, tracks: ObjectTracks, parts: SessionParts
) -> None:
    """Write a stopped run.

    Tracked masks that a correction would start from are left out: they are half of it,
    and whoever corrects has them as results.

    Parameters
    ----------
    path : Path
    paused : Paused
    tracks : ObjectTracks
        What is remembered of the objects.
    parts : SessionParts
        What the session computes with.

    Raises
    ------
    OutputError
        If the file cannot be written; one that was there is as it was.
    """
    objects: dict[str, Any] = {}
    tensors = {_SEEN: torch.from_numpy(parts.encoder.reader.checksums)}
    for track in tracks.of(paused.plan.prompted):
        objects[str(track.object_id)] = _described(track)
        tensors |= _tensors(track)
    said = {
        "version": _VERSION,
        "conditions": describe_conditions(parts),
        "prompts": _digest(paused.plan, tracks),
        "objects": objects,
        **run_json(paused),
    }
    _replace(path, save(tensors, {_RUN: json.dumps(said)}))


def load_run(
    path: Path, tracks: ObjectTracks, parts: SessionParts, *, compares_all: bool = False
) -> Paused:
    """Read a stopped run, and let the objects remember what they had seen.

    Parameters
    ----------
    path : Path
    tracks : ObjectTracks
        The same objects, prompted as they were; nothing changes if they are not.
    parts : SessionParts
        What this session computes with.
    compares_all : bool, optional
        Whether every frame that the run saw is read and compared, instead of those that
        it looks back at.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or the model, how it looks, or the frames were
        others.
    FrameError
        If a frame that is compared cannot be read.
    PromptError
        If the prompts were others.
    """
    try:
        with safe_open(str(path), "pt") as file:
            said = json.loads(file.metadata()[_RUN])
            if said["version"] != _VERSION:
                raise ValueError("it is of another version of napari-sam2")
            check_conditions(path, said["conditions"], parts)
            paused = run_from(said, parts.frame_count)
            objects = tracks.of(paused.plan.prompted)
            _check_prompts(path, said["prompts"], paused.plan, tracks)
            restored = _restored(file, objects, said["objects"], parts)
            seen = file.get_tensor(_SEEN).numpy()
            check_frames(path, _compared(restored, compares_all), seen, parts)
    except (SafetensorError, ValueError, LookupError, TypeError) as error:
        raise CheckpointError(
            f"{path} holds no run that can be gone on with ({error}): begin anew."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise CheckpointError(f"{path} cannot be read: {reason}.") from error
    for one in restored:
        one.track.bank.recent, one.track.visits = one.recent, one.visits
    parts.encoder.reader.take_up(seen)
    return paused


@dataclass(frozen=True, slots=True, eq=False)
class _Restored:
    """What an object remembered."""

    track: ObjectTrack
    recent: dict[int, FrameMemory]
    visits: bytearray


def _restored(
    file: Any, tracks: Iterable[ObjectTrack], said: dict[str, Any], parts: SessionParts
) -> list[_Restored]:
    return [
        _Restored(one, _remembered(file, one, said, parts), _visits(file, one))
        for one in tracks
    ]


def _compared(objects: list[_Restored], compares_all: bool) -> set[int]:
    """Return the frames that have to be as they were."""
    frames: set[int] = set()
    for one in objects:
        frames.update(one.track.answers, one.recent)
        if compares_all:
            frames.update(f for f, visit in enumerate(one.visits) if visit != UNSEEN)
    return frames


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, so that it is there after a power cut, too."""
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):  # half of it is of no use, and the disk may be full
            beside.unlink()
        reason = error.strerror or error
        raise OutputError(f"{path} could not be written: {reason}.") from error


def _check_prompts(path: Path, digest: str, plan: Plan, tracks: ObjectTracks) -> None:
    if digest != _digest(plan, tracks):
        raise PromptError(
            f"The run in {path} was stopped with other prompts: say those first, or "
            "begin anew."
        )


def _digest(plan: Plan, tracks: ObjectTracks) -> str:
    """Return what tells the prompts of a run from others."""
    digest = hashlib.sha256()
    for track in tracks.of(sorted(plan.prompted)):
        for frame, answer in sorted(track.answers.items()):
            digest.update(f"{track.object_id} {frame} ".encode())
            said = answer.said
            if isinstance(said, PackedMask):
                digest.update(f"{said.shape_hw} {said.origin_yx}".encode())
                digest.update(said.crop.tobytes())
            else:
                digest.update(repr(said).encode())
    return digest.hexdigest()


def _described(track: ObjectTrack) -> list[dict[str, Any]]:
    """Say of the tracked frames that are remembered, in order, what is no tensor."""
    return [
        {
            "frame": frame,
            "is_reverse": memory.is_reverse,
            **sighting_json(memory.sighting),
        }
        for frame, memory in track.bank.recent.items()
    ]


def _tensors(track: ObjectTrack) -> dict[str, torch.Tensor]:
    """Return the spatial memories, (F, hw, C), pointers, (F, C), and visited frames."""
    number, memories = track.object_id, list(track.bank.recent.values())
    found = {f"{number}.visits": torch.tensor(track.visits, dtype=torch.uint8)}
    if memories:
        # Moved first, as a GPU may have no room for both.
        spatial = [one.spatial.cpu() for one in memories]
        found[f"{number}.spatial"] = torch.stack(spatial)
        pointers = [one.pointer.cpu() for one in memories]
        found[f"{number}.pointers"] = torch.stack(pointers)
    return found


def _remembered(
    file: Any, track: ObjectTrack, said: dict[str, Any], parts: SessionParts
) -> dict[int, FrameMemory]:
    described, number = said[str(track.object_id)], track.object_id
    if not described:
        return {}
    device, config = parts.model.device, parts.model.config
    spatial = file.get_tensor(f"{number}.spatial")
    pointers = file.get_tensor(f"{number}.pointers")
    shapes = (config.grid**2, config.memory_dim), (config.hidden_dim,)
    if (spatial.shape[1:], pointers.shape[1:]) != shapes:
        raise ValueError("its memories are of another size")
    spatial = spatial.to(device, kept_dtype(device))
    pointers = pointers.to(device)
    return {
        one["frame"]: FrameMemory(
            spatial[index].clone(),
            pointers[index].clone(),
            sighting_from(one, parts.shape_hw),
            is_reverse=one["is_reverse"],
        )
        for index, one in enumerate(described)
    }


def _visits(file: Any, track: ObjectTrack) -> bytearray:
    found = file.get_tensor(f"{track.object_id}.visits")
    if len(found) != len(track.visits):
        raise ValueError("it is a run through another stack")
    return bytearray(found.numpy().tobytes())
