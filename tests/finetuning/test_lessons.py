"""Lessons are drawn from a seed, keep off held-out frames, and fit into memory."""

from __future__ import annotations

import pytest

from napari_sam2.engine.weights import bundled_path
from napari_sam2.finetuning.lessons import MOST_BYTES, Curriculum, Size, clip_bytes, fit
from napari_sam2.finetuning.split import split_frames
from napari_sam2.model.checkpoint import read_shapes
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.description import config_of
from tests.finetuning.conftest import truth

SIZE = Size(frames=4, objects=2)
SPARSE = [0, 9, 18, 27, 36, 45, 54, 63]


def lessons(stack, seed=0, size=SIZE, count=80):
    split = split_frames(stack.known, stack.known)
    drawn = Curriculum([stack], [split], seed=seed, variants=3)
    return split, [drawn.lesson(number, size) for number in range(count)]


@pytest.mark.parametrize("stack", [truth(), truth(SPARSE, 64)], ids=["all", "sparse"])
def test_no_lesson_visits_a_held_out_frame(stack):
    split, drawn = lessons(stack)
    held = {frame for block in split.held_out for frame in block}
    assert not held & {frame for one in drawn for frame in one.frames}


@pytest.mark.parametrize("stack", [truth(), truth(SPARSE, 64)], ids=["all", "sparse"])
def test_a_lesson_begins_where_its_objects_are_and_comes_where_they_are_known(stack):
    split, drawn = lessons(stack)
    for one in drawn:
        assert set(one.objects) <= set(stack.visible(one.frames[0]))
        assert len(one.frames) <= SIZE.frames
        assert len(one.frames) == 1 or set(one.frames[1:]) & set(split.training)
        if one.corrected > 0:
            assert one.frames[one.corrected] in split.training
            assert one.corrected < len(one.frames) - 1


def test_time_runs_both_ways_and_pictures_come_alone_too():
    _, drawn = lessons(truth())
    steps = {one.frames[1] - one.frames[0] for one in drawn if len(one.frames) > 1}
    assert steps == {-1, 1}
    assert any(len(one.frames) == 1 for one in drawn)
    assert {one.kind for one in drawn} == {"click", "box", "mask"}


def test_the_same_seed_gives_the_same_lessons_and_another_one_others():
    assert lessons(truth())[1] == lessons(truth())[1]
    assert lessons(truth())[1] != lessons(truth(), seed=1)[1]


def test_halving_ends_at_one_object_on_one_frame():
    size, seen = Size(6, 4), []
    while not size.is_smallest:
        size = size.halved
        seen.append((size.frames, size.objects))
    assert seen == [(6, 2), (6, 1), (3, 1), (1, 1)]


def test_the_bundled_model_learns_from_whole_clips():
    assert fit(Size(), config_of(bundled_path(), read_shapes(bundled_path()))) == Size()


@pytest.mark.parametrize("name", sorted(VARIANTS))
@pytest.mark.parametrize("image_size", [256, 512, 1024])
def test_clips_of_the_large_models_stay_within_some_gigabytes(name, image_size):
    config = VARIANTS[name].at_size(image_size)
    found = fit(Size(), config)
    assert clip_bytes(found, config) <= MOST_BYTES
    assert found == Size() or clip_bytes(found, config) > MOST_BYTES / 4


def test_the_smallest_clip_is_the_least():
    assert fit(Size(), VARIANTS["sam2.1-tiny"], most_bytes=0) == Size(1, 1)
