"""What masks of a run hang on besides what is said, so that those of two never mix.

A run is gone on with only where these are as they were: else its first masks would be
those of one model, or image, and the rest those of another.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import CheckpointError
from napari_sam2.engine.network import known_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.parts import SessionParts


def describe_conditions(parts: SessionParts) -> dict[str, Any]:
    """Return what a session computes with, as JSON knows it."""
    model, limits = parts.model, parts.encoder.reader.limits
    described = {
        "model": model.config.name,
        "weights": known_digest(model),
        "image_size": model.config.image_size,
        "precision": model.precision,
        "options": _options(parts.options),
        "limits": [limits.low, limits.high],
    }
    content: dict[str, Any] = json.loads(json.dumps(described))
    return content


def _options(options: TrackerOptions) -> dict[str, Any]:
    """Return the options that masks hang on.

    What is left out says how quickly they are made, and how much is kept meanwhile.
    """
    return {
        "nearest_prompts": options.nearest_prompts,
        "recent_frames": options.quality.recent_frames,
        "hole_area": options.hole_area,
        "island_area": options.island_area,
        "allow_overlaps": options.allow_overlaps,
        "window": asdict(options.window),
    }


def check_conditions(
    path: Path | str, before: Mapping[str, Any], parts: SessionParts
) -> None:
    """Check that a run was begun with what a session computes with.

    Raises
    ------
    CheckpointError
        If it was not.
    """
    now = describe_conditions(parts)
    differing = [name for name in _ORDER if before[name] != now[name]]
    if differing:
        first = differing[0]
        what = _SAYING[first](before[first], now[first])
        raise CheckpointError(
            f"The run in {path} was begun with {what}, or begin anew."
        )


def check_frames(
    path: Path | str,
    frames: Iterable[int],
    before: npt.NDArray[np.int64],
    parts: SessionParts,
) -> None:
    """Check that frames are as they were; those not seen before may be any.

    Raises
    ------
    CheckpointError
        If one is not.
    FrameError
        If one cannot be read.
    """
    reader = parts.encoder.reader
    for frame in sorted(frames):
        if before[frame] < 0:
            continue
        if reader.checksums[frame] < 0:
            reader.read(frame)
        if reader.checksums[frame] != before[frame]:
            raise CheckpointError(
                f"Frame {frame} is not as it was when the run in {path} came by: give "
                "the image as it was, or begin anew."
            )


def _say_model(before: str, _now: str) -> str:
    return f"another model, {before}: load that one"


def _say_image_size(before: int, now: int) -> str:
    return (
        f"frames shown to the model as {before} × {before} pixels, and here they are "
        f"{now} × {now}: load the model with image_size={before}"
    )


def _say_precision(before: str | None, now: str | None) -> str:
    return (
        f"products in {before or 'an unknown precision'}, and here they are in "
        f"{now or 'an unknown one'}: go on in the same quality, on a machine that "
        "rounds as that one did"
    )


def _say_weights(_before: str, _now: str) -> str:
    return (
        "other weights that are called alike, or by another backend: load the model as "
        "it was"
    )


def _say_options(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = [name for name in now if before.get(name) != now[name]]
    return f"other options ({', '.join(names)}): give those"


def _say_limits(before: list[list[float]], now: list[list[float]]) -> str:
    return (
        f"intensities from {_ends(before)} as black and white, and here they are from "
        f"{_ends(now)}: give those as limits"
    )


def _ends(limits: list[list[float]]) -> str:
    low, high = (", ".join(f"{one:g}" for one in ends) for ends in limits)
    return f"{low} to {high}"


_SAYING: dict[str, Callable[[Any, Any], str]] = {
    "model": _say_model,
    "image_size": _say_image_size,
    "precision": _say_precision,
    "weights": _say_weights,
    "options": _say_options,
    "limits": _say_limits,
}
# The first that differs is told: another model has other weights and another size, too.
_ORDER = tuple(_SAYING)
