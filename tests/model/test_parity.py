"""The model equals the reference implementation on single images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.object_state import ABSENT_LOGIT, ObjectState
from napari_sam2.model.position import sine_position
from napari_sam2.model.prompt_encoder import BOX_END, BOX_START, NEGATIVE, POSITIVE
from napari_sam2.model.sam2 import Sam2Model
from tests.devices import DEVICES, full_precision
from tests.golden import reference
from tests.golden.recipe import frames, sample

TOLERANCE = 1e-3  # the reference agrees with itself within 5e-5

PROMPTS = {
    "points": ([(0.30, 0.40), (0.70, 0.62)], [POSITIVE, NEGATIVE]),
    "box": ([(0.17, 0.27), (0.43, 0.53)], [BOX_START, BOX_END]),
    "box_point": (
        [(0.17, 0.27), (0.43, 0.53), (0.42, 0.28)],
        [BOX_START, BOX_END, NEGATIVE],
    ),
    "refine": ([(0.30, 0.40), (0.36, 0.44)], [POSITIVE, POSITIVE]),
}


class Decoder:
    """Decodes fractions of the image, as the reference outputs are given."""

    def __init__(self, model: Sam2Model) -> None:
        self.model = model
        self.size = model.config.image_size
        self.device = next(model.parameters()).device
        self.features: ImageFeatures = model.encode_image(
            torch.from_numpy(frames(1, self.size)).to(self.device)
        )
        self.coarse = model.without_memory(self.features)

    def tokens(self, xy, labels, mask_logits=None):
        pixels = torch.tensor([xy], device=self.device) * self.size + 0.5
        said = torch.tensor([labels], device=self.device)
        return self.model.embed_prompts(pixels, said, mask_logits)

    def state(self, xy, labels, mask_logits=None) -> ObjectState:
        return self.model.decode(
            self.coarse,
            self.features,
            self.tokens(xy, labels, mask_logits),
            ambiguous=len(labels) == 1,
        )


def assert_close(ours: torch.Tensor, theirs: np.ndarray, what: str) -> None:
    values = ours.cpu().numpy()
    if theirs.ndim == 1:
        values = sample(values, theirs.size)
    worst = float(np.abs(values - theirs).max())
    assert worst < TOLERANCE, f"{what} differs by {worst}"


@pytest.fixture(
    scope="module", params=[(d, stem) for d in DEVICES for stem in reference.ALL],
    ids="-".join,
)  # fmt: skip
def case(request):
    """Return the reference's outputs and our decoder for one file."""
    device, stem = request.param
    with torch.inference_mode(), full_precision():
        yield reference.outputs(stem), Decoder(reference.model(stem).to(device))


@torch.inference_mode()
def test_features(case) -> None:
    theirs, ours = case
    levels = (ours.features.fine, ours.features.middle, ours.features.coarse)
    for level, features in enumerate(levels):
        assert features.shape == tuple(theirs[f"image_fpn{level}_shape"])
        assert_close(features.flatten(), theirs[f"image_fpn{level}"], f"level {level}")


@torch.inference_mode()
def test_position_codes(case) -> None:
    theirs, ours = case
    for level, stride in enumerate((4, 8, 16)):
        grid = ours.size // stride
        dim = ours.model.config.hidden_dim
        code = sine_position(dim, grid, grid, ours.device)
        assert_close(code.flatten(), theirs[f"image_pos{level}"], f"level {level}")


@torch.inference_mode()
def test_one_point_gives_three_candidates(case) -> None:
    theirs, ours = case
    xy, labels = [(0.30, 0.40)], [POSITIVE]
    all_four = ours.model.candidates(
        ours.coarse, ours.features, ours.tokens(xy, labels)
    )
    state = ours.state(xy, labels)
    present = state.object_logits > 0
    masks = torch.where(
        present[..., None, None],
        all_four.logits[:, 1:],
        torch.tensor(ABSENT_LOGIT, device=ours.device),
    )
    assert_close(masks, theirs["image_point_masks"], "masks")
    assert_close(all_four.ious[:, 1:], theirs["image_point_ious"], "ious")
    assert_close(state.pointers, theirs["image_point_ptr"], "pointer")
    assert_close(state.object_logits, theirs["image_point_score"], "object logit")
    best = int(theirs["image_point_ious"].argmax())
    assert torch.equal(state.logits[0, 0], masks[0, best])


@pytest.mark.parametrize("prompt", PROMPTS)
@torch.inference_mode()
def test_clear_prompts(case, prompt: str) -> None:
    theirs, ours = case
    xy, labels = PROMPTS[prompt]
    earlier = None
    if prompt == "refine":
        earlier = ours.state([(0.30, 0.40)], [POSITIVE]).logits.clamp(-32, 32)
    state = ours.state(xy, labels, earlier)
    assert_close(state.logits, theirs[f"image_{prompt}_masks"], "masks")
    assert_close(state.ious[:, None], theirs[f"image_{prompt}_ious"], "iou")
    assert_close(state.pointers, theirs[f"image_{prompt}_ptr"], "pointer")
    assert_close(state.object_logits, theirs[f"image_{prompt}_score"], "object logit")
