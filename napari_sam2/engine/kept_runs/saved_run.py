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
from napari_sam2.engine.kept_runs.conditions import (
    check_conditions,
    check_frames,
    describe_conditions,
)
from napari_sam2.engine.kept_runs.memories import (
    memories_from,
    memories_json,
    memory_rows,
)
from napari_sam2.engine.kept_runs.run_json import run_from, run_json
from napari_sam2.engine.objects.track import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torch import Tensor

    from napari_sam2.engine.objects.memory import FrameMemory, MemoryBank
    from napari_sam2.engine.objects.track import ObjectTrack
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.plan import Plan
    from napari_sam2.engine.runs.runner import Paused

_RUN, _SEEN = "run", "seen"
_KINDS = "recent", "around"
_VERSION = 3


def save_run(
    path: Path, paused: Paused, tracks: ObjectTracks, parts: SessionParts
) -> None:
    """Write a stopped run.

    What only corrections look at is left out, and tracked masks that they would start
    from but for that of the last frame: whoever corrects has them as results.

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
        bank = track.bank.enough(track.answers, parts.rules.reach)
        objects[str(track.object_id)] = [
            memories_json(memories) for memories in (bank.recent, bank.around)
        ]
        tensors |= _tensors(track, bank)
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
        one.track.bank.recent, one.track.bank.around = one.recent, one.around
        one.track.visits = one.visits
    parts.encoder.reader.take_up(seen)
    return paused


@dataclass(frozen=True, slots=True, eq=False)
class _Restored:
    """What an object remembered."""

    track: ObjectTrack
    recent: dict[int, FrameMemory]
    around: dict[int, FrameMemory]
    visits: bytearray


def _restored(
    file: Any, tracks: Iterable[ObjectTrack], said: dict[str, Any], parts: SessionParts
) -> list[_Restored]:
    restored = []
    for one in tracks:
        recent, around = _remembered(file, one, said, parts)
        restored.append(_Restored(one, recent, around, _visits(file, one)))
    return restored


def _compared(objects: list[_Restored], compares_all: bool) -> set[int]:
    """Return the frames that have to be as they were."""
    frames: set[int] = set()
    for one in objects:
        frames.update(one.track.answers, one.recent, one.around)
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


def _tensors(track: ObjectTrack, bank: MemoryBank) -> dict[str, torch.Tensor]:
    """Return what is remembered, by name, and visited frames."""
    number = track.object_id
    found = {f"{number}.visits": torch.tensor(track.visits, dtype=torch.uint8)}
    for kind, memories in zip(_KINDS, (bank.recent, bank.around), strict=True):
        for name, rows in memory_rows(memories).items():
            if rows:  # moved first, as a GPU may have no room for both
                moved = torch.stack([row.cpu() for row in rows])
                found[f"{number}.{kind}.{name}"] = moved
    return found


def _remembered(
    file: Any, track: ObjectTrack, said: dict[str, Any], parts: SessionParts
) -> Iterator[dict[int, FrameMemory]]:
    """Yield the last tracked frames, and those around prompted ones."""
    described = said[str(track.object_id)]
    for kind, memories in zip(_KINDS, described, strict=True):

        def rows(name: str, count: int, *shape: int, kind: str = kind) -> list[Tensor]:
            if not count:
                return []
            found = file.get_tensor(f"{track.object_id}.{kind}.{name}")
            if tuple(found.shape) != (count, *shape):
                raise ValueError("its memories are of another size")
            return [one.to(parts.model.device, copy=True) for one in found]

        yield memories_from(memories, rows, parts)


def _visits(file: Any, track: ObjectTrack) -> bytearray:
    found = file.get_tensor(f"{track.object_id}.visits")
    if len(found) != len(track.visits):
        raise ValueError("it is a run through another stack")
    return bytearray(found.numpy().tobytes())
