"""What is compared with the reference: each case a function from settings to rows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import memory_probe
import psutil
from folders import open_ours, open_reference, write_folder
from revisits import Revisits

from napari_sam2.benchmarking import ours, reference
from napari_sam2.benchmarking.against import encoder_row
from napari_sam2.benchmarking.clock import seconds
from napari_sam2.benchmarking.comparison import Row
from napari_sam2.benchmarking.footage import place_yx
from napari_sam2.benchmarking.models import seeded_model
from napari_sam2.core.quality import EXACT, Quality
from napari_sam2.engine.compiled.opening import compiled_network
from napari_sam2.engine.rounding import settle_precision
from napari_sam2.model.config import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_sam2.engine.network import Network
    from napari_sam2.model.sam2 import Sam2Model

CORRECTION_YX = (0.42, 0.33)
PROBE = Path(__file__).resolve().with_name("memory_probe.py")


@dataclass(frozen=True)
class Settings:
    """How much is run; the defaults take about fifteen minutes on two cores.

    Attributes
    ----------
    warm_up : int
        Frames before the clock starts; after 17, all 7 memories and 16 pointers are
        full and every frame costs the same, and after 24 all is compiled that will be.
    """

    variant: str = "tiny"
    image_size: int = 512
    threads: int = 2
    device: str = "cpu"
    compiled: bool = False
    quality: Quality = EXACT
    encoder_repeats: int = 9
    warm_up: int = 17
    one_object_blocks: int = 5
    many_objects_blocks: int = 3
    frames_per_block: int = 4
    rerun_from: int = 8
    rerun_frames: int = 50
    source_frames: int = 5000
    memory_image_size: int = 256
    memory_frames: tuple[int, ...] = (100, 1000)

    @cached_property
    def predictor(self) -> Any:
        """The reference, with the weights of our model."""
        return reference.build_predictor(self._seeded, compiled=self.compiled)

    @cached_property
    def model(self) -> Network:
        """Our model, with seeded weights."""
        model = self._seeded
        settle_precision(model, self.quality)
        return compiled_network(model) if self.compiled else model

    @property
    def _seeded(self) -> Sam2Model:
        config = VARIANTS[f"sam2.1-{self.variant}"].at_size(self.image_size)
        return seeded_model(config).to(self.device)

    def frame_count(self, blocks: int) -> int:
        """Return the frames of a walk, and one to finish on."""
        return self.warm_up + blocks * self.frames_per_block + 1


QUICK = Settings(
    image_size=256,
    encoder_repeats=3,
    warm_up=2,
    one_object_blocks=1,
    many_objects_blocks=1,
    frames_per_block=4,
    rerun_from=2,
    rerun_frames=3,
    source_frames=200,
    memory_frames=(2, 10),
)


ON_A_GPU = Settings(
    image_size=1024,
    warm_up=24,
    one_object_blocks=3,
    many_objects_blocks=2,
    device="cuda",
)


def encoder(settings: Settings) -> list[Row]:
    """Encode one image."""
    predictor, model = settings.predictor, settings.model
    return [encoder_row(predictor, model, settings.encoder_repeats)]


def one_object(settings: Settings) -> list[Row]:
    """Follow one object with full memories; then go back through the same frames."""
    blocks = settings.one_object_blocks
    sessions = _open(settings, 1, settings.frame_count(blocks))
    tracked = _steady(settings, sessions, "one object", blocks)
    footprints = _footprints(sessions, "one object")
    times = sessions.second_pass()
    note = f"backward over {sessions.frame_count - 1} frames that were gone forward"
    again = Row("second pass", "time per frame", "s", *times, note)
    return [tracked, *footprints, again]


def sixteen_objects(settings: Settings) -> list[Row]:
    """Follow sixteen objects with full memories."""
    blocks = settings.many_objects_blocks
    sessions = _open(settings, 16, settings.frame_count(blocks))
    return [
        _steady(settings, sessions, "sixteen objects", blocks),
        *_footprints(sessions, "sixteen objects"),
    ]


def eight_objects(settings: Settings) -> list[Row]:
    """Follow eight objects; then correct one of them and run again."""
    blocks, t = settings.many_objects_blocks, settings.rerun_from
    count = max(settings.frame_count(blocks), t + settings.rerun_frames)
    sessions = _open(settings, 8, count)
    tracked = _steady(settings, sessions, "eight objects", blocks)
    times = sessions.correct_and_rerun(object_id=1, frame=t, yx=CORRECTION_YX)
    note = f"one click on frame {t}, then {sessions.frame_count - t} frames"
    corrected = Row("correct one of eight", "click and re-run", "s", *times, note)
    return [tracked, corrected]


def first_mask(settings: Settings) -> list[Row]:
    """Open a long folder of pictures and click: how long until the mask is there?"""
    size = settings.image_size
    count = min(settings.source_frames, _frames_that_fit(size))
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "frames"
        write_folder(folder, count, size)
        mine = median(seconds(lambda: _click_ours(settings, folder)) for _ in range(5))
        theirs = seconds(lambda: _click_theirs(settings, folder))
    note = f"{count:,} JPEG frames of {size} px; the reference ran once"
    if count < settings.source_frames:
        note += f" and has no room here for {settings.source_frames:,}"
    return [Row("first mask", "from opening", "s", theirs, mine, note)]


def peak_memory(settings: Settings) -> list[Row]:
    """Follow one object through stacks of two lengths, each in its own process."""
    size = settings.memory_image_size
    note = (
        f"whole process, one object at {size} px; our cache of image features is "
        f"bounded to {memory_probe.CACHE_MIB} MiB"
    )
    rows = []
    for count in settings.memory_frames:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "frames"
            write_folder(folder, count, size)
            model = f"sam2.1-{settings.variant}"
            arguments = (model, size, folder, settings.threads, 1)
            peaks = [probe(side, *arguments) for side in ("reference", "ours")]
        rows.append(Row("peak memory", f"{count:,} frames", "MiB", *peaks, note))
    return rows


CASES: Mapping[str, Callable[[Settings], list[Row]]] = {
    "encoder": encoder,
    "one-object": one_object,
    "eight-objects": eight_objects,
    "sixteen-objects": sixteen_objects,
    "first-mask": first_mask,
    "peak-memory": peak_memory,
}


def _open(settings: Settings, objects: int, frame_count: int) -> Revisits:
    return Revisits(settings.predictor, settings.model, frame_count, objects)


def _footprints(sessions: Revisits, case: str) -> list[Row]:
    """Return the row of GPU memory, where there is a GPU."""
    if not sessions.ours.peak:
        return []
    mib = [side.peak / 2**20 for side in (sessions.theirs, sessions.ours)]
    note = (
        f"of {sessions.frame_count} frames, all on the GPU for the reference; ours "
        "keeps features of past frames for corrections, 512 MiB at most"
    )
    return [Row(case, "peak GPU memory", "MiB", *mib, note)]


def _steady(settings: Settings, sessions: Revisits, case: str, blocks: int) -> Row:
    sessions.skip(settings.warm_up)
    times = sessions.walk(blocks, settings.frames_per_block)
    note = f"masks on the last frame agree to an IoU of {sessions.agreement():.4f}"
    return Row(case, "time per frame", "s", *times, note)


def _click_ours(settings: Settings, folder: Path) -> None:
    tracker = open_ours(settings.model, folder)
    ours.click(tracker, object_id=1, frame=0, yx=place_yx(0))


def _click_theirs(settings: Settings, folder: Path) -> None:
    state = open_reference(settings.predictor, folder)
    reference.click(settings.predictor, state, object_id=1, frame=0, yx=place_yx(0))


def _frames_that_fit(size: int) -> int:
    """Count the float32 frames that the reference can load here, with some to spare."""
    return int(0.85 * psutil.virtual_memory().available / (3 * size * size * 4))


def probe(*arguments: object) -> float:
    """Return the peak memory in MiB of a process that tracks through a folder."""
    command = [sys.executable, PROBE, *arguments]
    done = subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])
