"""Prompted frames: answering them, with memory where they correct, and remembering."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import torch

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.device import inference
from napari_sam2.engine.memory import FrameMemory, select_memories
from napari_sam2.engine.prompting import answer, mask_to_model
from napari_sam2.engine.stepping import GroupRunner, Looking, gather, split
from napari_sam2.engine.track import Answer, as_said
from napari_sam2.model.sam2 import MASK_BIAS, MASK_SCALE, ObjectState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.engine.encoding import FrameEncoder
    from napari_sam2.engine.memory import MemoryRules
    from napari_sam2.engine.track import ObjectTrack, Tracked
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model


class PromptAnswerer:
    """Answers prompts on single frames.

    Parameters
    ----------
    model : Sam2Model
    encoder : FrameEncoder
        Where features come from.
    rules : MemoryRules
        What a correction looks back at.
    """

    def __init__(
        self, model: Sam2Model, encoder: FrameEncoder, rules: MemoryRules
    ) -> None:
        self._model = model
        self._encoder = encoder
        self._rules = rules
        self._shape_hw = encoder.reader.source.shape_hw
        self._frame_count = len(encoder.reader.source)

    def answer(
        self,
        track: ObjectTrack,
        frame: int,
        prompts: FramePrompts,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> Answer:
        """Segment one object on a frame that the user prompted.

        The first prompt of an object on a frame is answered from the picture alone. A
        prompt on a frame that was tracked corrects it: the decoder then sees the
        object's memory as well, and starts from the tracked mask.

        Parameters
        ----------
        track : ObjectTrack
        frame : int
        prompts : FramePrompts
            Everything that is said about the object on the frame.
        previous : ndarray of bool, shape (H, W), optional
            The tracked mask, for when the track no longer remembers it.

        Raises
        ------
        FrameError, PromptError
            If they cannot be answered.
        """
        what = f"object {track.object_id} on frame {frame}"
        with inference(self._encoder.device):
            prior = None
            if previous is not None:
                FramePrompts(mask=previous).check(self._shape_hw, what=what)
                prior = logits_from_mask(previous, self._model, self._encoder.device)
            correction = track.correction_on(frame, prior)
            prompts.check(self._shape_hw, what=what, refines=correction is not None)
            features = self._encoder.features(frame)
            coarse = self._coarse(track, frame, correction, features)
            prior = None
            if self._model.config.refines_masks:
                prior = track.prior_for(frame, prompts, correction)
            state = answer(
                self._model, features, coarse, prompts, self._shape_hw, prior
            )
        return Answer(as_said(prompts), state, correction)

    def _coarse(
        self,
        track: ObjectTrack,
        frame: int,
        correction: Tracked | None,
        features: ImageFeatures,
    ) -> torch.Tensor:
        """Return the features that prompts are decoded on, with memory or without."""
        if correction is None:
            return self._model.without_memory(features)
        remember_answers(self._model, [track], self._encoder.features, GroupRunner(1))
        selection = select_memories(
            track.bank.conditioning,
            track.bank.recent,
            frame,
            is_reverse=correction.is_reverse,
            frame_count=self._frame_count,
            rules=self._rules,
        )
        if not selection.spatial:
            return self._model.without_memory(features)
        looking = Looking(track.object_id, track.bank, selection)
        span = pointer_span(self._model, self._frame_count)
        return self._model.attend_memory(features, gather(self._model, [looking], span))


def remember_answers(
    model: Sam2Model,
    tracks: Iterable[ObjectTrack],
    features_of: Callable[[int], ImageFeatures],
    groups: GroupRunner,
) -> None:
    """Make the memories that prompted frames still lack, frame by frame."""
    tracks = [t for t in tracks if t.answers.keys() != t.bank.conditioning.keys()]
    missing: dict[int, list[ObjectTrack]] = defaultdict(list)
    for track in tracks:
        for frame in track.answers.keys() - track.bank.conditioning.keys():
            missing[frame].append(track)
    for frame in sorted(missing):
        features = features_of(frame)
        made_now = groups.run(
            missing[frame], partial(_remember, model, frame, features)
        )
        for track, memory in zip(missing[frame], made_now, strict=True):
            track.bank.conditioning[frame] = memory
    for track in tracks:  # in the order in which they were prompted
        made = track.bank.conditioning
        track.bank.conditioning = {frame: made[frame] for frame in track.answers}


def _remember(
    model: Sam2Model,
    frame: int,
    features: ImageFeatures,
    tracks: Sequence[ObjectTrack],
) -> list[FrameMemory]:
    """Make the memories of some objects that are prompted on the same frame."""
    states = [track.answers[frame].state for track in tracks]
    state = ObjectState(*(torch.cat(parts) for parts in zip(*states, strict=True)))
    memory = model.encode_memory(
        features, state.logits, state.object_logits, is_prompted=True
    )
    return [
        FrameMemory(found.spatial, found.state.pointers[0])
        for found in split(state, memory)
    ]


def pointer_span(model: Sam2Model, frame_count: int) -> int:
    """Return the frame distance that pointer ages are divided by."""
    config = model.config
    if config.pointer_time_span is not None:
        return config.pointer_time_span
    return max(1, min(frame_count, config.pointer_count) - 1)


def logits_from_mask(
    mask: npt.NDArray[np.bool_], model: Sam2Model, device: torch.device
) -> torch.Tensor:
    """Return the confident logits that a mask (H, W) stands for, (1, 1, S/4, S/4)."""
    like = torch.empty(0, device=device)
    return mask_to_model(mask, model.config.mask_size, like) * MASK_SCALE + MASK_BIAS
