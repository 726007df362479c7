"""The model's parts put together as the engine does, for batches, with gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.engine.frames.preprocess import MEAN, STD
from napari_sam2.engine.objects.conditioning import pointer_span
from napari_sam2.engine.objects.selection import MemoryRules, select_memories
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.mask_decoder import choose
from napari_sam2.model.object_state import ABSENT_LOGIT

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.engine.objects.selection import Selection
    from napari_sam2.model.mask_decoder import Candidates
    from napari_sam2.model.memory_attention import MemoryTokens
    from napari_sam2.model.prompt_encoder import PromptTokens
    from napari_sam2.model.sam2 import Sam2Model

_LOGIT_LIMIT = 32.0


class Answer(NamedTuple):
    """What K objects look like on one frame.

    Attributes
    ----------
    candidates : Candidates or None
        Everything the decoder said; None where masks were given.
    logits : Tensor, shape (K, 1, S/4, S/4)
        The chosen masks, -1024 where the object is held to be absent. No gradient.
    pointers : Tensor, shape (K, C)
    object_logits : Tensor, shape (K, 1)
    """

    candidates: Candidates | None
    logits: Tensor
    pointers: Tensor
    object_logits: Tensor


class Remembered(NamedTuple):
    """One frame in the memory of K objects: (K, h * w, c) and (K, C)."""

    spatial: Tensor
    pointers: Tensor


def normalised(images: Tensor) -> Tensor:
    """Return pictures (B, 3, S, S) from 0 … 1 as the encoder takes them."""
    mean, std = (images.new_tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return (images - mean) / std


def shares(masks: Tensor) -> Tensor:
    """Return how much of each cell of the mask grid is covered, (K, S/4, S/4)."""
    return F.avg_pool2d(masks.float().unsqueeze(1), 4).squeeze(1)


def of_objects(features: ImageFeatures, rows: Tensor) -> ImageFeatures:
    """Repeat the features of frames for the objects on them."""
    return ImageFeatures(*(part[rows] for part in features))


def respond(
    model: Sam2Model,
    coarse: Tensor,
    features: ImageFeatures,
    prompts: PromptTokens,
    *,
    ambiguous: bool,
) -> Answer:
    """Decode K objects as :meth:`Sam2Model.decode` does, and keep all candidates."""
    candidates = model.candidates(coarse, features, prompts)
    choice = choose(candidates, ambiguous=ambiguous)
    present = candidates.object_logits > 0
    absent = choice.logits.new_full((), ABSENT_LOGIT)
    logits = torch.where(present[..., None, None], choice.logits, absent)
    pointers = model.obj_ptr_proj(choice.tokens)
    pointers = torch.where(present, pointers, model.no_obj_ptr.to(pointers.dtype))
    return Answer(
        candidates, logits.float().detach(), pointers, candidates.object_logits
    )


def adopt(model: Sam2Model, features: ImageFeatures, masks: Tensor) -> Answer:
    """Take given masks (K, S, S) for the answer."""
    state = model.adopt_masks(features, masks.float().unsqueeze(1))
    return Answer(None, state.logits, state.pointers, state.object_logits)


def as_prior(logits: Tensor) -> Tensor:
    """Return mask logits as the prompt encoder takes them for refining."""
    return logits.clamp(-_LOGIT_LIMIT, _LOGIT_LIMIT)


def remember(
    model: Sam2Model, features: ImageFeatures, answer: Answer, *, is_prompted: bool
) -> Remembered:
    """Make the memory of one frame."""
    spatial = model.encode_memory(
        features,
        answer.logits,
        answer.object_logits,
        is_prompted=is_prompted,
    )
    return Remembered(spatial.flatten(2).transpose(1, 2), answer.pointers)


class Bank:
    """What K objects remember of a clip; all of them were prompted on the same frames.

    Parameters
    ----------
    model : Sam2Model
    frames : int
        Frames in the clip.
    """

    def __init__(self, model: Sam2Model, frames: int) -> None:
        self._model = model
        self._frames = frames
        self._held: dict[int, Remembered] = {}
        self._prompted: list[int] = []

    def put(self, frame: int, memory: Remembered, *, is_prompted: bool) -> None:
        """Remember a frame."""
        self._held[frame] = memory
        if is_prompted:
            self._prompted.append(frame)

    def recall(self, frame: int) -> MemoryTokens:
        """Return what a frame looks at, chosen by the engine's rules."""
        config = self._model.config
        selection = select_memories(
            self._prompted,
            [held for held in self._held if held not in self._prompted],
            frame,
            is_reverse=False,
            frame_count=self._frames,
            rules=MemoryRules(config.memory_count, config.pointer_count),
        )
        return self._tokens(selection)

    def _tokens(self, selection: Selection) -> MemoryTokens:
        held, model = self._held, self._model
        spatial = torch.cat([held[f].spatial for _, f in selection.spatial], dim=1)
        recent = [held[frame].pointers for _, frame in selection.pointers]
        none = spatial.new_empty(len(spatial), 0, model.config.hidden_dim)
        pointers = torch.stack(recent, dim=1) if recent else none  # (K, P, C)
        ages = torch.tensor(
            [age for age, _ in selection.pointers],
            dtype=torch.float32,
            device=spatial.device,
        )
        slots = [slot for slot, _ in selection.spatial]
        span = pointer_span(model, self._frames)
        return model.recall(spatial, slots, pointers, ages / span)
