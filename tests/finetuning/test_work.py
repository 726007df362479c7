"""What is learnt from in a session is what the model is shown there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.positions import choose_positions
from napari_sam2.core.recipe import Made
from napari_sam2.finetuning.work import Work, truth_of_work, work_of_project
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project import project_header, refer_to_image, stack_geometry
from napari_sam2.project.values import Contents
from napari_sam2.state.edit import TrackedObject
from napari_sam2.state.masks import FrameMask, Origin
from napari_sam2.state.settings import Settings

COUNT = 12
DISC = np.zeros((40, 50), bool)
DISC[10:25, 10:30] = True
LIGHT = 500.0 + 5000 * DISC
FADING = 100 + LIGHT * np.exp(-0.2 * np.arange(COUNT))[:, None, None]
PAINTED = FrameMask(pack_mask(DISC), Origin.PAINTED, 1.0, 1.0)


def work(frames, length: int = COUNT, **more) -> Work:
    masks = {(1, frame): PAINTED for frame in range(len(frames))}
    return Work(
        name="n", frames=frames, series_length=length, limits=None, masks=masks,
        prompts={}, **more,
    )  # fmt: skip


def shown(stack, frame: int) -> float:
    """Return how bright the object is on a frame, from 0 to 1."""
    return float(stack.limits.to_unit(stack.frames[frame])[15, 15])


@pytest.mark.parametrize("corrects", [True, False])
def test_frames_that_fade_are_as_bright_as_the_model_sees_them(corrects):
    (stack,) = truth_of_work(work(ArrayFrames(FADING), corrects_bleaching=corrects))
    last = shown(stack, COUNT - 1)
    assert last > 0.9 if corrects else last < 0.3


def test_and_so_they_are_at_every_position():
    pixels = np.stack([FADING, FADING + 50], axis=1)
    positions = choose_positions(axes_from_shape(pixels.shape, "tzyx"), [("z", None)])
    whole = AllFrames(positions, lambda at: ArrayFrames(pixels[:, at[0]]))
    stacks = truth_of_work(work(whole, corrects_bleaching=True))
    assert [len(one.frames) for one in stacks] == [COUNT, COUNT]
    assert min(shown(one, COUNT - 1) for one in stacks) > 0.9


def test_colour_pictures_do_not_bleach():
    pixels = np.repeat(FADING[..., None] / 30, 3, axis=-1).astype(np.uint8)
    frames = ArrayFrames(pixels)
    (stack,) = truth_of_work(work(frames, corrects_bleaching=True))
    assert stack.frames is frames


@pytest.mark.parametrize("corrects", [True, False])
def test_a_project_says_whether_bleaching_was_corrected(tmp_path: Path, corrects):
    path = tmp_path / "n.tif"
    tifffile.imwrite(path, FADING.astype(np.uint16), metadata={"axes": "TYX"})
    frames = stack_frames(open_stack(path))
    header = project_header(
        Settings(),
        image=refer_to_image("n", path, frames=frames),
        stack=stack_geometry(frames.stack.axes, frames.layout),
    )
    contents = Contents(
        {1: TrackedObject(1, "1")},
        masks={(1, frame): PAINTED for frame in range(COUNT)},
        steps=(Made("nano", corrects_bleaching=corrects),),
    )
    project = replace(header, contents=contents)
    found = work_of_project(project, frames, tmp_path / "n.sam2")
    assert found.corrects_bleaching is corrects
