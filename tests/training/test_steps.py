"""One step of every stage: it computes, and it lowers the loss on its batch."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.model.sam2 import Sam2Model
from napari_sam2.training.dense import DenseTargets, shifted
from napari_sam2.training.learner import Learner
from napari_sam2.training.record import COLUMNS
from napari_sam2.training.stages import STAGES


@pytest.mark.parametrize("name", STAGES)
def test_learning_lowers_the_loss_on_a_fixed_batch(
    name: str, pupil: Sam2Model, clips
) -> None:
    step = STAGES[name].step(pupil.config)
    head = step if isinstance(step, torch.nn.Module) else None
    learner = Learner(pupil, head)
    losses = []
    for _ in range(8):
        outcome = step(pupil, clips, 0, 0)  # the same prompts every time
        losses.append(float(outcome.loss.detach()))
        learner.step(outcome.loss, 2e-3)
    assert losses[-1] < 0.97 * losses[0]
    assert outcome.images > 0
    assert set(outcome.figures) <= set(COLUMNS)


@pytest.mark.parametrize("name", ["images", "clips"])
def test_a_batch_without_objects_teaches_nothing_and_breaks_nothing(
    name: str, pupil: Sam2Model, clips
) -> None:
    empty = clips._replace(labels=torch.zeros_like(clips.labels))
    outcome = STAGES[name].step(pupil.config)(pupil, empty, 0, 0)
    assert outcome.loss.isfinite()


def test_clips_grow_to_the_longest_and_steps_stay_as_large() -> None:
    shape = STAGES["clips"].shape(48, 8)
    sizes = [shape(progress / 10, batch=1) for progress in range(11)]
    lengths = [frames for _, frames in sizes]
    assert lengths == sorted(lengths)
    assert lengths[0] == 2
    assert lengths[-1] == 8
    assert all(40 <= clips * frames <= 48 for clips, frames in sizes)
    assert STAGES["images"].shape(16, 8)(0.5, 1) == (16, 1)


def test_single_pictures_are_practised_between_clips() -> None:
    shape = STAGES["clips"].shape(8, 8)
    assert [shape(1.0, batch) for batch in range(4)] == [(8, 1), (1, 8), (1, 8), (8, 1)]


def test_dense_targets_of_two_halves() -> None:
    labels = torch.ones(1, 16, 16, dtype=torch.int64)
    labels[:, :, 10:] = 2
    targets = DenseTargets(labels)
    assert targets.edges[0, 0].tolist() == [0, 0, 1, 0]
    assert targets.cover.min() == 1
    same, known = targets.kinship((0, 1))
    assert known[0, 0].tolist() == [True, True, True, False]
    assert same[0, 0, :3].tolist() == [1, 0, 1]


@pytest.mark.parametrize("offset", [(0, 1), (1, 0), (2, -2), (2, 2)])
def test_shifting_looks_the_given_way(offset) -> None:
    labels = torch.arange(36).view(1, 6, 6)
    moved = shifted(labels, offset)
    rows, columns = offset
    assert moved[0, 2, 2] == labels[0, 2 + rows, 2 + columns]
    assert (moved == -1).any()


@pytest.mark.parametrize("name", STAGES)
def test_stages_compute_in_bfloat16_as_on_a_gpu(name, pupil: Sam2Model, clips) -> None:
    step = STAGES[name].step(pupil.config)
    exact = step(pupil, clips, 0, 0).loss
    with torch.autocast("cpu", torch.bfloat16):
        outcome = step(pupil, clips, 0, 0)
    outcome.loss.backward()
    assert outcome.loss.dtype == torch.float32
    assert float(outcome.loss.detach()) == pytest.approx(float(exact.detach()), rel=0.1)
    gradients = [p.grad for p in pupil.parameters() if p.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)
