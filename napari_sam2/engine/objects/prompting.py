"""Answering prompts on one frame: user coordinates in, the decoder's answer out."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_sam2.core.geometry import box_corners_yx, model_xy
from napari_sam2.model.prompt_encoder import BOX_END, BOX_START, NEGATIVE, POSITIVE
from napari_sam2.model.resize import resize_smoothly

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.views.view import View
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.object_state import ObjectState

LOGIT_LIMIT = 32.0
GIVEN_THRESHOLD = 0.5


def answer(
    model: Network,
    features: ImageFeatures,
    coarse: torch.Tensor,
    prompts: FramePrompts,
    view: View,
    prior: torch.Tensor | None = None,
) -> ObjectState:
    """Segment one object on one frame from its prompts.

    Parameters
    ----------
    model : Network
    features : ImageFeatures
        The frame's.
    coarse : Tensor, shape (1, C, h, w)
        Features with or without memory, see :meth:`Network.attend_memory`.
    prompts : FramePrompts
        Points and a box, or a mask, in data pixels of the whole frame. What lies
        outside the view is not shown to the model.
    view : View
        What the features show.
    prior : Tensor, shape (1, 1, S/4, S/4), optional
        Mask logits that the prompts refine.
    """
    if (painted := prompts.packed) is not None:
        size = model.config.image_size
        return model.adopt_masks(
            features, mask_to_model(view.cut(painted.mask), size, coarse)
        )
    xy, labels = _points(prompts, view, model.config.image_size)
    tokens = model.embed_prompts(
        torch.from_numpy(xy)[None].to(coarse.device),
        torch.from_numpy(labels)[None].to(coarse.device),
        None if prior is None else prior.clamp(-LOGIT_LIMIT, LOGIT_LIMIT),
    )
    return model.decode(coarse, features, tokens, ambiguous=len(labels) <= 1)


def mask_to_model(
    mask: npt.NDArray[np.bool_], image_size: int, like: torch.Tensor
) -> torch.Tensor:
    """Resize a mask (H, W) to the model's square: 0 or 1, float, (1, 1, S, S)."""
    floats = torch.from_numpy(mask.astype(np.float32))[None, None].to(like.device)
    resized = resize_smoothly(floats, image_size)
    small = (resized >= GIVEN_THRESHOLD).to(floats.dtype)
    if small.any() or not mask.any():
        return small
    # An object thinner than a model pixel would vanish: keep what is left of it.
    return (resized >= resized.max()).to(floats.dtype)


def _points(
    prompts: FramePrompts, view: View, image_size: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return (N, 2) model coordinates and (N,) labels, the box's corners first."""
    seen = [view.holds(point_yx) for point_yx in prompts.points_yx]
    points_yx = list(compress(prompts.points_yx, seen))
    labels = [POSITIVE if p else NEGATIVE for p in compress(prompts.positive, seen)]
    if prompts.box_yxyx is not None:
        points_yx[:0] = box_corners_yx(prompts.box_yxyx)
        labels[:0] = [BOX_START, BOX_END]
    local = map(view.local, points_yx)
    return model_xy(local, view.shape_hw, image_size), np.array(labels, np.int64)
