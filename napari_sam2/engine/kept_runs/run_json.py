"""How far a stopped run came, as JSON and back, checked."""

from __future__ import annotations

from typing import Any

from napari_sam2.engine.runs.plan import Plan
from napari_sam2.engine.runs.runner import Paused


def run_json(paused: Paused) -> dict[str, Any]:
    """Return a stopped run as JSON knows it."""
    plan = paused.plan
    return {
        "prompted": {str(one): ends for one, ends in plan.prompted.items()},
        "frames": [plan.frames.start, plan.frames.stop],
        "direction": plan.direction,
        "done": paused.done,
    }


def run_from(content: dict[str, Any], frame_count: int) -> Paused:
    """Return a stopped run, from parsed JSON of any origin.

    Parameters
    ----------
    content : dict
    frame_count : int
        Of the stack that it is to be gone on with in.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is not that, or of another stack.
    """
    prompted = {int(i): (a, b) for i, (a, b) in content["prompted"].items()}
    start, stop = content["frames"]
    frames = range(start, stop)
    plan = Plan(prompted, frames, content["direction"])
    forward, backward = content["done"]
    if not (0 <= forward <= len(frames) and 0 <= backward <= len(frames)):
        raise ValueError("it went further than it has frames")
    has_all = 0 <= start < stop <= frame_count
    if not has_all or not all(0 <= a <= b < frame_count for a, b in prompted.values()):
        raise ValueError("it is of another stack")
    return Paused(plan, (forward, backward))
