import numpy as np
import pytest

from napari_sam2.core.errors import StackError
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.samples import load_sample, sample_names

SHAPES = {
    "bacteria_phase": (11, 313, 327),
    "cells3d_nuclei": (32, 192, 192),
    "mni152_t1": (70, 192, 155),
    "bigbuckbunny": (132, 720, 1280),
}


@pytest.mark.parametrize("name", SHAPES)
def test_samples_open_with_prompts_inside_them(name):
    sample = load_sample(name)
    frames = stack_frames(open_stack(sample.stack))
    assert (len(frames), *frames.shape_hw) == SHAPES[name]
    prompts = read_prompts(sample.prompts)
    assert len(prompts.object_ids) >= 3
    assert set(prompts.names) == set(prompts.object_ids)
    for prompt in prompts.prompts:
        assert prompt.frame < len(frames)
        if isinstance(prompt, BoxPrompt):
            check = FramePrompts(box_yxyx=prompt.box_yxyx)
            check.check(frames.shape_hw, what=name)


@pytest.mark.parametrize("name", [n for n in SHAPES if n != "bigbuckbunny"])
def test_prompts_lie_on_the_objects_of_their_masks(name):
    sample = load_sample(name)
    labels = read_labels(sample.labels)
    assert (len(labels), *labels.shape_hw) == SHAPES[name]
    for prompt in read_prompts(sample.prompts).prompts:
        mask = labels[prompt.frame] == prompt.object_id
        if isinstance(prompt, PointPrompt):
            y, x = (int(c) for c in prompt.point_yx)
            assert mask[y, x] == prompt.positive
        elif isinstance(prompt, MaskPrompt):
            assert np.array_equal(prompt.mask, mask)
        else:
            y0, x0, y1, x1 = (int(c) for c in prompt.box_yxyx)
            rows, columns = np.nonzero(mask)
            found = [rows.min(), columns.min(), rows.max(), columns.max()]
            assert found == [y0, x0, y1, x1]


def test_every_sample_is_named_in_the_readme():
    readme = load_sample("mni152_t1").stack.with_name("README.md").read_text("utf-8")
    assert sample_names() == tuple(SHAPES)
    for words in (*SHAPES, "CC BY 3.0", "BSD-3-Clause", "CC0", "McGill University"):
        assert words in readme


def test_an_unknown_sample_lists_those_there_are():
    with pytest.raises(StackError, match="bacteria_phase, cells3d_nuclei"):
        load_sample("cats")
