"""How soon the window answers with very many masks, boxes, and a project of them.

Needs a screen. The model is a stand-in that answers at once.

python -m tests.benchmarks.bench_window_many [--objects 100] [--frames 1000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import napari
import numpy as np

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.layer_frames import LayerFrames
from napari_sam2.project import (
    project_header,
    project_of,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.state import Document, Settings, edits
from napari_sam2.widgets.dock import Sam2Dock
from napari_sam2.widgets.panels.labels_form import LabelsForm
from tests.benchmarks.bench_masks import SHAPES, Scene, ragged
from tests.benchmarks.delays import measure, spin
from tests.control.fake_tracker import FakeTracker

SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--labels", type=int, default=2025)
    args = parser.parse_args()
    crops = tuple(ragged(30, seed) for seed in range(SHAPES))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        scene = Scene(args.objects, args.frames, SIDE, crops)
        path = make_project(Path(folder), scene)
        viewer = napari.Viewer()
        dock = Sam2Dock(viewer, make_tracker=make_tracker)
        viewer.window.add_dock_widget(dock, name="SAM 2")
        warm_up(viewer, dock)
        measure_import(viewer, dock, args.labels)
        viewer.layers.clear()
        rest(1)
        measure_project(dock, path)
        dock.shut_down()
        viewer.close()


def make_tracker(request, token):
    yield FakeTracker(request)


def warm_up(viewer: napari.Viewer, dock: Sam2Dock) -> None:
    """Have everything loaded and drawn once."""
    viewer.add_image(np.zeros((3, 64, 64), np.uint8), name="small")
    rest(3)
    dock.sessions.current.prompts.points.add([0, 20, 20])
    rest(3)
    viewer.layers.clear()
    rest(1)


def rest(seconds: float) -> None:
    until = time.perf_counter() + seconds
    spin(lambda: time.perf_counter() < until)


def make_project(folder: Path, scene: Scene) -> Path:
    """Write an image, of which nothing is on the disk, and a project about it."""
    shape = scene.frames, scene.side, scene.side
    image = folder / "cells.npy"
    np.lib.format.open_memmap(image, "w+", np.uint8, shape)
    document = Document(frame_count=scene.frames, shape_hw=shape[1:])
    for n in range(scene.objects):
        document.apply(edits.add_object(document, n + 1))
    for frame in range(scene.frames):
        document.apply(edits.set_results(document, scene.packed(frame)))
    stack = open_stack(image)
    axes, layout = axes_from_shape(shape, "tyx"), FrameLayout(0, (1, 2), None)
    reference = refer_to_image("cells", image, frames=LayerFrames(stack.array, layout))
    geometry = stack_geometry(axes, layout)
    header = project_header(Settings(), image=reference, stack=geometry)
    path = folder / "cells.sam2"
    write_project(path, project_of(document, header))
    return path


def measure_project(dock: Sam2Dock, path: Path) -> None:
    began = time.perf_counter()
    projects, sessions = dock.projects, dock.sessions

    def is_opening() -> bool:
        return sessions.current is None or sessions.current.is_empty

    projects.refused.connect(print)
    print("open it:", measure(lambda: projects.open(path), is_opening), flush=True)
    print(f"  {time.perf_counter() - began:.1f} s")
    session = sessions.current
    until = time.perf_counter() + 20

    def is_looked_at() -> bool:
        return time.perf_counter() < until

    print("the next 20 s:", measure(lambda: None, is_looked_at), flush=True)
    keeper = projects.keeper
    session.do(lambda: edits.rename_object(session.document, 1, "other"))
    files = projects._files
    print(
        "autosave:", measure(keeper.autosave.save, lambda: is_busy(files)), flush=True
    )
    copy = path.with_name("copy.sam2")
    print(
        "save:", measure(lambda: keeper.save(copy), lambda: is_busy(files)), flush=True
    )
    track, status = dock.workbench.track, session.controller
    for object_id in session.document.objects:
        mask = session.document.masks[object_id, 0].mask.mask
        session.do(
            lambda i=object_id, m=mask: edits.paint_mask(session.document, i, 0, m)
        )
    run = measure(track.run, lambda: status.status.is_busy)
    print("run, all again:", run, flush=True)
    print("undo:", measure(session.history.undo, lambda: False), flush=True)
    rest(1)


def is_busy(files) -> bool:
    return any(not one.is_set() for one in files._running)


def measure_import(viewer: napari.Viewer, dock: Sam2Dock, count: int) -> None:
    side = int(np.ceil(count**0.5))
    labels = np.zeros((1024, 1024), np.uint16)
    pitch = 1024 // side
    for n in range(count):
        y, x = divmod(n, side)
        y, x = y * pitch, x * pitch
        labels[y : y + pitch - 4, x : x + pitch - 4] = n + 1
    viewer.add_image(np.zeros((3, 1024, 1024), np.uint8), name="many")
    rest(3)
    layer = viewer.add_labels(labels, name="found")
    session = dock.sessions.current
    viewer.layers.selection.active = session.prompts.points
    form = dock.findChild(LabelsForm)
    form.refresh()
    form.layers.setCurrentIndex(form.layers.findText(layer.name))
    form.forms.setCurrentIndex(form.forms.findData("boxes"))
    form.frames.setCurrentIndex(form.frames.findData("here"))
    controller, began = session.controller, time.perf_counter()
    until = [0.0]

    def is_going_on() -> bool:
        if controller.status.is_busy or len(session.document.masks) < count:
            until[0] = time.perf_counter() + 1.0
        return time.perf_counter() < until[0]

    print(f"{count} labels as boxes:", measure(form.start, is_going_on), flush=True)
    print(f"  {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
