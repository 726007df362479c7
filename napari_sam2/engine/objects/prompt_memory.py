"""The memories of prompted frames, made when a run or a correction needs them."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import torch

from napari_sam2.engine.objects.memory import FrameMemory
from napari_sam2.engine.objects.stepping import split
from napari_sam2.model.object_state import ObjectState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_sam2.engine.frames.encoding import FrameEncoder
    from napari_sam2.engine.groups import GroupRunner
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.objects.track import ObjectTrack


def remember_answers(
    model: Network,
    tracks: Iterable[ObjectTrack],
    encoder: FrameEncoder,
    groups: GroupRunner,
) -> None:
    """Make the memories that prompted frames still lack, frame by frame."""
    tracks = [t for t in tracks if t.answers.keys() != t.bank.conditioning.keys()]
    missing: dict[int, list[ObjectTrack]] = defaultdict(list)
    for track in tracks:
        for frame in track.answers.keys() - track.bank.conditioning.keys():
            missing[frame].append(track)
    for frame in sorted(missing):
        made_now = groups.run(missing[frame], partial(_remember, model, frame, encoder))
        for track, memory in zip(missing[frame], made_now, strict=True):
            track.bank.conditioning[frame] = memory
    for track in tracks:  # in the order in which they were prompted
        made = track.bank.conditioning
        track.bank.conditioning = {frame: made[frame] for frame in track.answers}


def _remember(
    model: Network,
    frame: int,
    encoder: FrameEncoder,
    tracks: Sequence[ObjectTrack],
) -> list[FrameMemory]:
    """Make the memories of some objects that are prompted on the same frame."""
    answers = [track.answers[frame] for track in tracks]
    features = encoder.features(frame, [one.sighting.view for one in answers])
    states = [one.state for one in answers]
    state = ObjectState(*(torch.cat(parts) for parts in zip(*states, strict=True)))
    memory = model.encode_memory(
        features, state.logits, state.object_logits, is_prompted=True
    )
    return [
        FrameMemory(made.spatial, made.state.pointers[0], one.sighting)
        for made, one in zip(split(state, memory), answers, strict=True)
    ]
