"""Peak memory, and longest waits of the window's thread, with very many masks.

Masks of nuclei, ragged and about ``--diameter`` px wide, go through the document, its
history, the labels layer, autosave, a project file and the writer of label stacks: each
stage prints its seconds, the most memory the process held meanwhile, and the longest
single call that the window's thread would have made. Linux only, for the peaks.

python -m tests.benchmarks.bench_masks [--objects 500] [--frames 2000] [--side 2048]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
import psutil
from napari.components import ViewerModel
from scipy import ndimage

from napari_sam2.control.inline_lane import InlineLane
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_result
from napari_sam2.core.results import FrameResult, MaskResult
from napari_sam2.io.files.finished import FinishedFrames
from napari_sam2.io.writing.label_writer import open_label_writer
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.mask_layer import MaskLayer
from napari_sam2.layers.project_image import geometry_of, refer_to_layer
from napari_sam2.project import (
    Autosave,
    project_header,
    project_of,
    read_project,
    write_project,
)
from napari_sam2.state import Document, History, Settings, edits
from tests.project.projects import new_document

MIB = 1 << 20
SHAPES = 200


@dataclass(frozen=True)
class Scene:
    """Objects on a grid, each of some shapes that follow one another."""

    objects: int
    frames: int
    side: int
    crops: tuple[np.ndarray, ...]

    def results(self, frame: int, run: int = 0) -> FrameResult:
        """Return what a run finds on a frame."""
        per_row = int(np.ceil(self.objects**0.5))
        pitch = self.side / per_row
        found = []
        for n in range(self.objects):
            crop = self.crops[(7 * n + 3 * frame + run) % len(self.crops)]
            corner = int(n // per_row * pitch), int(n % per_row * pitch)
            y, x = (
                min(c + (frame + n) % 5, self.side - s)
                for c, s in zip(corner, crop.shape, strict=True)
            )
            found.append(
                MaskResult(
                    n + 1, frame, (self.side, self.side), (y, x), crop,
                    0.5 + 0.4 * ((n * frame) % 97) / 97, 5.0 + n / 1000,
                )
            )  # fmt: skip
        return FrameResult(frame, tuple(found))

    def packed(self, frame: int, run: int = 0) -> list[PackedResult]:
        return [pack_result(one) for one in self.results(frame, run)]


def ragged(diameter: float, seed: int) -> np.ndarray:
    """Return a blob with an uneven outline, cut to its bounding box."""
    rng = np.random.default_rng(seed)
    side = int(2 * diameter)
    y, x = np.mgrid[:side, :side] - side / 2
    stretch, turn = rng.uniform(0.7, 1.0), rng.uniform(0, np.pi)
    u, v = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    noise = ndimage.gaussian_filter(rng.normal(size=(side, side)), 2.0)
    mask = np.hypot(u, v / stretch) + 30 * noise < diameter / 2
    labels, _ = ndimage.label(mask)
    mask = labels == labels[side // 2, side // 2]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


class LaterLane:
    """Takes jobs as a lane with a thread does, and does them when told to."""

    def __init__(self) -> None:
        self._jobs = []

    def submit(self, job, **callbacks) -> CancelToken:
        self._jobs.append((job, callbacks))
        return CancelToken()

    def work(self) -> None:
        lane = InlineLane()
        for job, callbacks in self._jobs:
            lane.submit(job, **callbacks)
        self._jobs.clear()


class Gauge:
    """The most memory that the process holds while it works, and its longest calls."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.longest = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        peak, over = [0], Event()

        def watch() -> None:
            while not over.wait(0.02):
                peak[0] = max(peak[0], self._private())

        watcher = Thread(target=watch)
        watcher.start()
        self.longest, began = 0.0, time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - began
            over.set()
            watcher.join()
            print(
                f"{name:34s} {seconds:8.1f} s   peak {max(peak) / MIB:7.0f} MiB   "
                f"then {self._private() / MIB:7.0f} MiB   "
                f"longest call {1000 * self.longest:7.0f} ms",
                flush=True,
            )

    @contextmanager
    def call(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.longest = max(self.longest, time.perf_counter() - began)

    def _private(self) -> int:
        """Return bytes of memory that are not merely those of files."""
        info = self._process.memory_info()
        return info.rss - info.shared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--diameter", type=float, default=60)
    args = parser.parse_args()
    crops = tuple(ragged(args.diameter, seed) for seed in range(SHAPES))
    scene = Scene(args.objects, args.frames, args.side, crops)
    sample = [one.mask.nbytes for one in scene.packed(0)]
    print(
        f"{len(sample)} masks a frame, {np.mean(sample):.0f} bytes each by their count"
    )
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        window(scene, Gauge(), Path(folder))
        written(scene, Gauge(), Path(folder))


def window(scene: Scene, gauge: Gauge, folder: Path) -> None:
    """Do what the dock does: run, autosave, run again, undo, save, open."""
    viewer = ViewerModel()
    shape = scene.frames, scene.side, scene.side
    stack = np.broadcast_to(np.zeros(shape[1:], np.uint8), shape)
    image = image_source(viewer.add_image(stack, name="cells", contrast_limits=(0, 1)))
    document = Document(frame_count=image.frame_count, shape_hw=image.shape_hw)
    history = History(document)
    for n in range(scene.objects):
        document.apply(edits.add_object(document, n + 1))
    parts = viewer.layers, viewer.dims, image

    def layer_of(document: Document, history: History) -> MaskLayer:
        return MaskLayer(*parts, document, history, on_refused=print, on_remark=print)

    def header():
        return project_header(
            Settings(), image=refer_to_layer(image), stack=geometry_of(image)
        )

    lane = LaterLane()
    autosave = Autosave(
        document, header, lambda: (), lane=lane, folder=folder / "recovery"
    )
    with gauge.stage("nothing yet"):
        masks = layer_of(document, history)
    for run in range(2):
        with gauge.stage(f"run {run + 1}"):
            for frame in range(scene.frames):
                packed = scene.packed(frame, run)
                with gauge.call():
                    edit = edits.set_results(document, packed)
                    history.do(edit, gesture=("run", run))
                with gauge.call():
                    masks.apply()
        with gauge.stage(f"autosave after run {run + 1}"):
            with gauge.call():
                autosave.save()
            lane.work()
    print(f"{len(history)} steps can be undone")
    with gauge.stage("undo of run 2"), gauge.call():
        history.undo()
        masks.apply()
    path = folder / "many.sam2"
    with gauge.stage("save the project"):
        with gauge.call():
            project = project_of(document, header())
        write_project(path, project)
        del project
    print(f"{path.stat().st_size / MIB:.0f} MiB on disk")
    masks.disconnect()
    autosave.close()
    viewer.layers.remove(masks.layer)
    with gauge.stage("let go"):
        del masks, document, history, autosave
    with gauge.stage("open it: read"):
        project = read_project(path)
    with gauge.stage("open it: document"), gauge.call():
        document = new_document(project)
        del project
    with gauge.stage("open it: layer"), gauge.call():
        layer_of(document, History(document))
    with gauge.stage("go through 100 frames"):
        for frame in range(min(100, scene.frames)):
            with gauge.call():
                viewer.dims.set_current_step(0, frame)


def written(scene: Scene, gauge: Gauge, folder: Path) -> None:
    """Do what the command line does: keep what is found, and write it in order."""
    shape_hw = scene.side, scene.side
    finished = FinishedFrames(folder, shape_hw)
    with gauge.stage("command line: keep"):
        for frame in range(scene.frames):
            finished.add(scene.results(frame))
    with (
        gauge.stage("command line: write"),
        open_label_writer(folder / "labels.tif", shape_hw, scene.frames) as writer,
    ):
        for frame in finished.frames:
            writer.write(frame, finished[frame].labels())


if __name__ == "__main__":
    main()
