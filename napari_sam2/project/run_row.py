"""A run that was stopped, to the row of a project's table about it and back.

A project is worth more than a run that can be gone on with: where anything is wrong
with this row, there is none.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.recipe import Followed, Made
from napari_sam2.core.unfinished_run import UnfinishedRun
from napari_sam2.project.checks import (
    as_fields,
    as_list,
    as_text,
    as_whole,
    load_json,
)
from napari_sam2.project.schema import RUN
from napari_sam2.project.typed_json import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Container

_VERSION = 1
_FIELDS = {
    "version", "run", "done", "steps", "reached", "made", "objects", "said", "seen",
    "sha256", "state",
}  # fmt: skip
_WHERE = "the run that was stopped"


def run_row(left: UnfinishedRun) -> tuple[str, str]:
    """Return a row of ``about``."""
    content = {
        "version": _VERSION,
        "run": to_json(left.run),
        "done": left.done,
        "steps": left.steps,
        "reached": left.reached,
        "made": to_json(left.made),
        "objects": left.objects,
        "said": left.said,
        "seen": left.seen,
        "sha256": hashlib.sha256(left.state).hexdigest(),
        "state": base64.b64encode(left.state).decode(),
    }
    return RUN, json.dumps(content, allow_nan=False)


def read_run(
    text: Any, objects: Container[int], frame_count: int
) -> UnfinishedRun | None:
    """Return the run of a row; None where there is no row, or anything wrong with it.

    Parameters
    ----------
    text : object
        The row, or None.
    objects : container of int
        All that exist.
    frame_count : int
        Frames of the stack, at all positions.
    """
    if text is None:
        return None
    try:
        left = _run(as_fields(load_json(text, _WHERE), _WHERE, _FIELDS))
    except (ProjectError, ValueError, TypeError, OverflowError):
        return None
    first, stop = left.run.frames or (0, 1)
    inside = all(0 <= a < b <= frame_count for _, a, b in left.reached)
    known = all(one in objects for one in (*left.objects, *left.run.object_ids))
    if not (inside and known and 0 <= first < stop <= frame_count):
        return None
    return left


def _run(content: dict[str, Any]) -> UnfinishedRun:
    as_whole(content["version"], _WHERE, _VERSION, _VERSION)
    state = base64.b64decode(as_text(content["state"], _WHERE), validate=True)
    if hashlib.sha256(state).hexdigest() != content["sha256"]:
        raise ProjectError(f"{_WHERE} is damaged.")
    ids = (as_whole(i, _WHERE, 1) for i in _list(content["objects"]))
    steps = as_whole(content["steps"], _WHERE, 1)
    return UnfinishedRun(
        run=from_json(Followed, content["run"], _WHERE),
        done=as_whole(content["done"], _WHERE, 1, steps),
        steps=steps,
        reached=tuple(_reached(one) for one in _list(content["reached"])),
        made=from_json(Made, content["made"], _WHERE),
        objects=tuple(ids),
        said=as_text(content["said"], _WHERE),
        seen=as_text(content["seen"], _WHERE),
        state=state,
    )


def _list(content: Any) -> list[Any]:
    return as_list(content, _WHERE)


def _reached(content: Any) -> tuple[int, int, int]:
    object_id, first, stop = (as_whole(n, _WHERE) for n in as_list(content, _WHERE, 3))
    return object_id, first, stop
