"""An afternoon's work on nuclei, as a project beside its image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from napari_sam2.control import Controller, InlineLane, Recorder
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.views.window import WindowOptions
from napari_sam2.engine.weights import weights_sha256
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project.image import refer_to_image
from napari_sam2.project.image_paths import related_to
from napari_sam2.project.reading import read_project
from napari_sam2.project.session import project_header, project_of, stack_geometry
from napari_sam2.project.values import ModelReference
from napari_sam2.project.writing import write_project
from napari_sam2.state import Document, History, Settings, edits
from tests.control.conftest import click


def write_study(folder: Path, pixels, nano, settings: Settings, work) -> None:
    """Work on an image, and write both into a folder."""
    tifffile.imwrite(
        folder / "nuclei.tif",
        pixels,
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 0.3},
    )
    frames = stack_frames(open_stack(folder / "nuclei.tif"))
    document = Document(frame_count=len(frames), shape_hw=frames.shape_hw)
    history = History(document)
    controller = Controller(
        history,
        settings,
        frames,
        lane=InlineLane(),
        limits=as_limits(0, 60000),
        make_tracker=lambda request, token: iter(
            [
                set_up_tracker(
                    nano,
                    request.frames,
                    limits=request.limits,
                    options=TrackerOptions(window=WindowOptions(mode=request.window)),
                )
            ]
        ),
        recorder=Recorder(identify=weights_sha256),
    )
    work(history, controller)
    image = refer_to_image("nuclei", folder / "nuclei.tif", frames=frames)
    header = project_header(
        settings,
        image=related_to(image, folder / "work.sam2"),
        stack=stack_geometry(
            frames.stack.axes, frames.layout, limits=as_limits(0, 60000)
        ),
        model=ModelReference("nano", weights_sha256("nano")),
    )
    project = project_of(document, header, controller.recorder.steps)
    write_project(folder / "work.sam2", project)


def work(history: History, controller: Controller) -> None:
    """Click, follow, correct, follow again, paint."""
    document = history.document
    for object_id in (1, 2):
        history.do(edits.add_object(document, object_id))
    box = FramePrompts(box_yxyx=(70.0, 23.0, 117.0, 71.0))
    history.do(edits.set_prompts(document, 1, 6, box))
    history.do(edits.set_prompts(document, 2, 6, click(32, 97)))
    controller.run()
    history.do(edits.set_prompts(document, 2, 8, click(45, 99)))
    controller.run()
    mask = np.zeros(document.shape_hw, bool)
    mask[5:20, 5:25] = True
    history.do(edits.paint_mask(document, 2, 0, mask))
    assert controller.status.problem is None


def expected(folder: Path) -> np.ndarray:
    """Draw what the window showed."""
    contents = read_project(folder / "work.sam2").contents
    labels = np.zeros((10, *next(iter(contents.masks.values())).mask.shape_hw), int)
    in_order = sorted(contents.masks.items(), key=lambda m: m[1].painting_order)
    for (object_id, frame), mask in in_order:
        labels[frame][mask.mask.mask] = object_id
    return labels
