"""On a processor clips are as large as memory allows, and no larger."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from napari_sam2.engine.weights import bundled_path
from napari_sam2.finetuning import tuning
from napari_sam2.finetuning.course import TuningOptions
from napari_sam2.finetuning.learning import loss_of
from napari_sam2.finetuning.lessons import MOST_BYTES, Size, clip_bytes, fit
from napari_sam2.model.checkpoint import read_config
from napari_sam2.model.config import VARIANTS
from tests.finetuning.test_tuning import run


def test_the_bundled_model_learns_from_whole_clips():
    assert fit(Size(), read_config(bundled_path())) == Size()


@pytest.mark.parametrize("name", sorted(VARIANTS))
@pytest.mark.parametrize("image_size", [256, 512, 1024])
def test_clips_of_the_large_models_stay_within_some_gigabytes(name, image_size):
    config = VARIANTS[name].at_size(image_size)
    found = fit(Size(), config)
    assert clip_bytes(found, config) <= MOST_BYTES
    assert found == Size() or clip_bytes(found, config) > MOST_BYTES / 4


def test_the_smallest_clip_is_the_least():
    assert fit(Size(), VARIANTS["sam2.1-tiny"], most_bytes=0) == Size(1, 1)


def test_no_lesson_is_larger(miniature, discs_truth, monkeypatch):
    taught = []

    def watch(model, lesson, shown, dice):
        taught.append(lesson)
        return loss_of(model, lesson, shown, dice)

    monkeypatch.setattr(tuning, "loss_of", watch)
    monkeypatch.setattr(tuning, "fit", lambda size, config: Size(2, 1))
    course = replace(TuningOptions(), steps=8, every=8)
    run(copy.deepcopy(miniature), discs_truth, course)
    assert {len(one.frames) for one in taught} == {1, 2}
    assert max(len(one.objects) for one in taught if len(one.frames) > 1) == 1
