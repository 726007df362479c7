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
import ours
import psutil
import reference
import scene
import torch
from sessions import Sessions
from timing import Row, seconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_sam2.model.sam2 import Sam2Model

CORRECTION_XY = (0.33, 0.42)
PROBE = Path(__file__).resolve().with_name("memory_probe.py")


@dataclass(frozen=True)
class Settings:
    """How much is run; the defaults take about ten minutes on two cores.

    Attributes
    ----------
    warm_up : int
        Frames before the clock starts; after 17, all 7 memories and 16 pointers are
        full and every frame costs the same.
    """

    variant: str = "tiny"
    image_size: int = 512
    threads: int = 2
    device: str = "cpu"
    compiled: bool = False
    encoder_repeats: int = 9
    warm_up: int = 17
    one_object_blocks: int = 5
    many_objects_blocks: int = 3
    frames_per_block: int = 3
    rerun_from: int = 8
    source_frames: int = 5000
    memory_image_size: int = 256
    memory_frames: tuple[int, ...] = (100, 1000)

    @cached_property
    def predictor(self) -> Any:
        """The reference."""
        return reference.build_predictor(
            self.variant, self.image_size, self.device, compiled=self.compiled
        )

    @cached_property
    def model(self) -> Sam2Model:
        """Our model, with the same weights."""
        return ours.build_model(
            self.variant, self.image_size, self.device, compiled=self.compiled
        )

    @property
    def film(self) -> scene.Footage:
        """Enough frames for the longest walk, and one to finish on."""
        blocks = max(self.one_object_blocks, self.many_objects_blocks)
        count = self.warm_up + blocks * self.frames_per_block + 1
        return scene.footage(count, self.image_size)


QUICK = Settings(
    image_size=256,
    encoder_repeats=3,
    warm_up=2,
    one_object_blocks=1,
    many_objects_blocks=1,
    frames_per_block=2,
    rerun_from=2,
    source_frames=200,
    memory_frames=(2, 10),
)


ON_A_GPU = Settings(
    image_size=1024, one_object_blocks=3, many_objects_blocks=2, device="cuda"
)


def encoder(settings: Settings) -> list[Row]:
    """Encode one image."""
    image = settings.film.tensor[:1].to(settings.device)
    with torch.inference_mode(), reference.precision(image.device):
        times = take_turns(
            lambda: settings.predictor.forward_image(image),
            lambda: settings.model.encode_image(image),
            settings.encoder_repeats,
        )
    return [Row("image encoder", "time per frame", "s", *times)]


def one_object(settings: Settings) -> list[Row]:
    """Follow one object with full memories."""
    blocks = settings.one_object_blocks
    sessions = _open(settings, 1)
    return [
        _steady(settings, sessions, "one object", blocks),
        *_footprints(sessions, "one object"),
    ]


def sixteen_objects(settings: Settings) -> list[Row]:
    """Follow sixteen objects with full memories."""
    sessions = _open(settings, 16)
    blocks = settings.many_objects_blocks
    return [
        _steady(settings, sessions, "sixteen objects", blocks),
        *_footprints(sessions, "sixteen objects"),
    ]


def eight_objects(settings: Settings) -> list[Row]:
    """Follow eight objects; then correct one of them and run again."""
    blocks, t = settings.many_objects_blocks, settings.rerun_from
    sessions = _open(settings, 8)
    tracked = _steady(settings, sessions, "eight objects", blocks)
    times = sessions.correct_and_rerun(object_id=1, frame=t, xy=CORRECTION_XY)
    note = f"one click on frame {t}, then {sessions.frame_count - t} frames"
    corrected = Row("correct one of eight", "click and re-run", "s", *times, note)
    return [tracked, corrected]


def first_mask(settings: Settings) -> list[Row]:
    """Open a long folder of pictures and click: how long until the mask is there?"""
    size = settings.image_size
    count = min(settings.source_frames, _frames_that_fit(size))
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "frames"
        scene.write_folder(folder, count, size)
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
            scene.write_folder(folder, count, size)
            peaks = [_probe(settings, side, folder) for side in ("reference", "ours")]
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


def _open(settings: Settings, objects: int) -> Sessions:
    return Sessions(settings.predictor, settings.model, settings.film, objects)


def _footprints(sessions: Sessions, case: str) -> list[Row]:
    """Return the row of GPU memory, where there is a GPU."""
    if not sessions.ours.peak:
        return []
    mib = [side.peak / 2**20 for side in (sessions.theirs, sessions.ours)]
    note = (
        f"of {sessions.frame_count} frames, all on the GPU for the reference; ours "
        "keeps features of past frames for corrections, 512 MiB at most"
    )
    return [Row(case, "peak GPU memory", "MiB", *mib, note)]


def _steady(settings: Settings, sessions: Sessions, case: str, blocks: int) -> Row:
    sessions.skip(settings.warm_up)
    times = sessions.walk(blocks, settings.frames_per_block)
    note = f"masks on the last frame agree to an IoU of {sessions.agreement():.4f}"
    return Row(case, "time per frame", "s", *times, note)


def _click_ours(settings: Settings, folder: Path) -> None:
    tracker = ours.start_folder(settings.model, folder)
    ours.click(tracker, object_id=1, frame=0, xy=scene.CLICKS_XY[0])


def _click_theirs(settings: Settings, folder: Path) -> None:
    state = reference.start_folder(settings.predictor, folder)
    reference.click(
        settings.predictor, state, object_id=1, frame=0, xy=scene.CLICKS_XY[0]
    )


def _frames_that_fit(size: int) -> int:
    """Count the float32 frames that the reference can load here, with some to spare."""
    return int(0.85 * psutil.virtual_memory().available / (3 * size * size * 4))


def _probe(settings: Settings, side: str, folder: Path) -> float:
    arguments = (side, settings.variant, settings.memory_image_size, folder)
    command = [sys.executable, PROBE, *arguments, settings.threads]
    done = subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])
