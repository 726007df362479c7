"""All measurements of a benchmark, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.benchmarking.clock import median_seconds
from napari_sam2.benchmarking.machine import Watch
from napari_sam2.benchmarking.models import empty_model
from napari_sam2.benchmarking.parts import host_parts, network_parts
from napari_sam2.benchmarking.peaks import compute_dtype, measure_peaks
from napari_sam2.benchmarking.results import Findings, PartTime
from napari_sam2.benchmarking.runs import measure_clicks, measure_run
from napari_sam2.benchmarking.work import count_work
from napari_sam2.core.quality import EXACT
from napari_sam2.core.wording import counted
from napari_sam2.engine.device import inference
from napari_sam2.engine.objects.stepping import objects_at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.benchmarking.parts import Part
    from napari_sam2.benchmarking.work import Work
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.network import Network


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes
    ----------
    objects : tuple of int
        Numbers of objects, each followed in a run of its own.
    frames : int
        Frames of a run.
    quality : Quality
        How many of the last frames are looked back at; the model has the image size.
    """

    objects: tuple[int, ...]
    frames: int
    quality: Quality = EXACT


def measure(
    model: Network,
    extent: Extent,
    *,
    is_seeded: bool,
    token: CancelToken,
    say: Callable[[str], None],
) -> Findings:
    """Measure a model on this machine.

    Parameters
    ----------
    model : Network
    extent : Extent
    is_seeded : bool
        Whether the model's weights are noise.
    token : CancelToken
        Ends it before the next measurement; what was found so far is returned.
    say : callable
        Is told what is measured next.
    """
    watch = Watch(model.device)
    dtype, config = compute_dtype(model), model.config
    name = str(dtype).removeprefix("torch.")
    found = Findings(
        config.name, is_seeded, config.image_size, name, extent.quality.name
    )
    _measure_parts(model, extent, found, token, say)
    _measure_whole(model, extent, found, token, say)
    if found.peaks is not None and not token.is_cancelled:
        found.peaks = found.peaks.better(measure_peaks(model.device, dtype))
        found.is_complete = True
    found.machine = watch.machine()
    return found


def _measure_parts(
    model: Network,
    extent: Extent,
    found: Findings,
    token: CancelToken,
    say: Callable[[str], None],
) -> None:
    say("the device's peaks")
    found.peaks = measure_peaks(model.device, compute_dtype(model))
    group_size = objects_at_once(model)
    work = _works(model, extent, group_size)
    with inference(model):
        parts = network_parts(model, extent.objects, group_size, extent.quality)
        for part in parts:
            if token.is_cancelled:
                return
            say(_title(part))
            key = (part.name, part.objects, part.memories)
            took = median_seconds(part.call) / part.frames
            found.parts.append(PartTime(*key, took, work[key]))
        for part in host_parts(model, extent.objects):
            key = (part.name, part.objects, part.memories)
            found.parts.append(PartTime(*key, median_seconds(part.call), None))


def _works(
    model: Network, extent: Extent, group_size: int
) -> dict[tuple[str, int, int], Work]:
    """Count the work of all parts of the network."""
    itemsize = compute_dtype(model).itemsize
    return {
        (part.name, part.objects, part.memories): count_work(part.call, itemsize).over(
            part.frames
        )
        for part in network_parts(
            empty_model(model.config), extent.objects, group_size, extent.quality
        )
    }


def _measure_whole(
    model: Network,
    extent: Extent,
    found: Findings,
    token: CancelToken,
    say: Callable[[str], None],
) -> None:
    if token.is_cancelled:
        return
    say("clicks")
    found.clicks = measure_clicks(model)
    for objects in extent.objects:
        say(f"tracking {counted(objects, 'object')}")
        run = measure_run(
            model,
            objects,
            extent.frames,
            lambda: not token.is_cancelled,
            extent.quality,
        )
        if run is None:
            return
        found.runs.append(run)


def _title(part: Part) -> str:
    memories = f", {part.memories} memories" if part.memories else ""
    objects = f", {part.objects} objects" if part.objects > 1 else ""
    return f"{part.name}{memories}{objects}"
