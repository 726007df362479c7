"""What is shown is encoded as it was, whether once, or again on the way back."""

from __future__ import annotations

import copy

import pytest
import torch

from napari_sam2.finetuning import showing
from napari_sam2.finetuning.learning import loss_of
from napari_sam2.finetuning.lessons import Lesson
from napari_sam2.finetuning.pupil import Pupil
from napari_sam2.finetuning.showing import LessonPlayer
from napari_sam2.finetuning.variants import Variant
from napari_sam2.training.scenes.dice import Dice

LESSON = Lesson(stack=0, frames=(0, 1), objects=(1,), kind="box")


def gradients(model, stack, *, is_rounded: bool) -> dict[str, torch.Tensor]:
    """Take a lesson, and return what it says about the encoder."""
    torch.manual_seed(0)
    learning = copy.deepcopy(model)
    Pupil(learning, "low-rank", rate=1e-3)
    player = LessonPlayer(
        learning, [stack], [Variant()], learns_encoder=True, cache_bytes=0
    )
    with torch.autocast("cpu", torch.bfloat16, enabled=is_rounded):
        shown = player.show(LESSON)
        loss = loss_of(learning, LESSON, shown, Dice(0, 0, torch.device("cpu")))
    loss.backward()  # outside, as a course does
    return {
        name: parameter.grad
        for name, parameter in learning.named_parameters()
        if name.startswith("image_encoder.") and parameter.grad is not None
    }


@pytest.mark.parametrize("is_rounded", [True, False])
def test_what_is_computed_again_on_the_way_back_is_what_it_was(
    miniature, discs_truth, is_rounded, monkeypatch
):
    again = gradients(miniature, discs_truth, is_rounded=is_rounded)
    monkeypatch.setattr(showing, "checkpoint", lambda encode, image, **_: encode(image))
    kept = gradients(miniature, discs_truth, is_rounded=is_rounded)
    assert again.keys() == kept.keys()
    ups = [name for name in again if name.endswith(".up")]
    assert ups and all(again[name].abs().max() > 0 for name in ups)
    for name, gradient in again.items():
        torch.testing.assert_close(gradient, kept[name])


def test_rounding_hardly_changes_where_the_encoder_goes(miniature, discs_truth):
    exact, rounded = (
        torch.cat([one.flatten() for one in found.values()])
        for found in (
            gradients(miniature, discs_truth, is_rounded=is_rounded)
            for is_rounded in (False, True)
        )
    )
    assert not torch.equal(exact, rounded)
    assert torch.cosine_similarity(exact, rounded, dim=0) > 0.9
