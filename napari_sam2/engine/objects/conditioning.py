"""Prompted frames: answering them, with memory where they correct."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.core.geometry import mask_box_yxyx
from napari_sam2.core.prompt_checks import check_mask_shape, frozen_mask
from napari_sam2.engine.device import inference
from napari_sam2.engine.groups import GroupRunner
from napari_sam2.engine.masks.results import Seen, results_of
from napari_sam2.engine.objects.prompt_memory import remember_answers
from napari_sam2.engine.objects.prompting import answer, mask_to_model
from napari_sam2.engine.objects.stepping import MemoryQuery, gather
from napari_sam2.engine.objects.track import Answer, ViewedMask, as_said
from napari_sam2.engine.views.aim import surest, views_for
from napari_sam2.engine.views.view import move_logits
from napari_sam2.engine.views.window import Sighting
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.object_state import MASK_BIAS, MASK_SCALE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.objects.track import ObjectTrack, Tracked
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.views.view import View


class Answered(NamedTuple):
    """An answer, and what it looks like."""

    answer: Answer
    result: MaskResult


class PromptAnswerer:
    """Answers prompts on single frames.

    Parameters
    ----------
    parts : SessionParts
    """

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts
        self._model, self._encoder = parts.model, parts.encoder
        self._window, self._shape_hw = parts.window, parts.shape_hw

    def answer(
        self,
        track: ObjectTrack,
        frame: int,
        prompts: FramePrompts,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> Answered:
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
        with inference(self._model):
            handed = None
            if previous is not None:
                mask = frozen_mask(previous, f"The mask of {what}")
                check_mask_shape(mask.shape, self._shape_hw, what)
                handed = self._viewed_mask(mask)
            correction = track.correction_on(frame, handed)
            prompts.check(self._shape_hw, what=what, refines=correction is not None)
            return self._answer(track, frame, prompts, correction)

    def result(self, object_id: int, frame: int, answer: Answer) -> MaskResult:
        """Return what an answer that was given before looks like."""
        with inference(self._model):
            seen = Seen(object_id, answer.state, answer.sighting.view, answer.said)
            return self._result(seen, frame)

    def _answer(
        self,
        track: ObjectTrack,
        frame: int,
        prompts: FramePrompts,
        correction: Tracked | None,
    ) -> Answered:
        """Answer in every view that may suit, and keep the surest answer."""
        prior = track.prior_for(frame, prompts, correction)
        expected = None
        if correction is not None:
            seen = track.bank.last_seen(frame, is_reverse=correction.is_reverse)
            expected = None if seen is None else self._window.after(*seen)
        refined_in = None if prior is None else prior.view
        views = views_for(self._window, prompts, (refined_in, expected))
        features = self._encoder.features(frame, views)
        states = []
        for index, view in enumerate(views):
            shown = ImageFeatures(*(part[index : index + 1] for part in features))
            coarse = self._coarse(track, frame, correction, shown, view)
            mask = None
            if prior is not None and self._model.config.refines_masks:
                mask = move_logits(prior.logits, prior.view, view)
            states.append(answer(self._model, shown, coarse, prompts, view, mask))
        best = surest([float(state.ious[0]) for state in states])
        state, view = states[best], views[best]
        said = as_said(prompts)
        result = self._result(Seen(track.object_id, state, view, said), frame)
        sighting = self._sighting(track, frame, result, view)
        return Answered(Answer(said, state, sighting, correction), result)

    def _result(self, seen: Seen, frame: int) -> MaskResult:
        return results_of([seen], frame, self._shape_hw, self._parts.options)[0]

    def _sighting(
        self, track: ObjectTrack, frame: int, result: MaskResult, view: View
    ) -> Sighting:
        if self._window.is_off:
            return Sighting(view, None)
        seen = track.bank.last_seen(frame, is_reverse=False)
        if result.is_absent and seen is not None:
            return seen[0].after(view, None)
        return self._window.first(view, result.box_yxyx)

    def _viewed_mask(self, mask: npt.NDArray[np.bool_]) -> ViewedMask:
        """Return the confident logits that a mask (H, W) stands for."""
        box = mask_box_yxyx(mask)
        view = self._window.whole if box is None else self._window.around(box)
        like = torch.empty(0, device=self._model.device)
        small = mask_to_model(view.cut(mask), self._model.config.mask_size, like)
        return ViewedMask(small * MASK_SCALE + MASK_BIAS, view)

    def _coarse(
        self,
        track: ObjectTrack,
        frame: int,
        correction: Tracked | None,
        features: ImageFeatures,
        view: View,
    ) -> torch.Tensor:
        """Return the features that prompts are decoded on, with memory or without."""
        if correction is None:
            return self._model.without_memory(features)
        remember_answers(self._model, [track], self._encoder, GroupRunner(1))
        selection = track.bank.select(
            frame,
            is_reverse=correction.is_reverse,
            frame_count=self._parts.frame_count,
            rules=self._parts.rules,
        )
        if not selection.spatial:
            return self._model.without_memory(features)
        query = MemoryQuery(track.object_id, track.bank, selection, view)
        span = pointer_span(self._model, self._parts.frame_count)
        return self._model.attend_memory(features, gather(self._model, [query], span))


def pointer_span(model: Network, frame_count: int) -> int:
    """Return the frame distance that pointer ages are divided by."""
    config = model.config
    if config.pointer_time_span is not None:
        return config.pointer_time_span
    return max(1, min(frame_count, config.pointer_count) - 1)
