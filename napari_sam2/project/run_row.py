"""A run that was stopped, to the rows of a project's table about it and back.

A project is worth more than a run that can be gone on with: where anything is wrong
with these rows, there is none. What the tracker remembers is in pieces, as Python does
nothing else while it makes text of bytes: the window would stand still.
"""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import count
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
    from collections.abc import Container, Iterable, Iterator

_VERSION = 2
_FIELDS = {
    "version", "run", "done", "steps", "reached", "made", "objects", "said", "seen",
    "sha256",
}  # fmt: skip
_PIECE = 3 << 18
"""Bytes in a row, which are a MiB of text."""
_MOST_TEXT = 1 << 29
_WHERE = "the run that was stopped"


def run_rows(left: UnfinishedRun) -> Iterator[tuple[str, str]]:
    """Yield the rows of ``about``, one by one, as all of them are large."""
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
    }
    yield RUN, json.dumps(content, allow_nan=False)
    starts = range(0, len(left.state), _PIECE)
    for name, start in zip(_names(), starts, strict=False):
        piece = base64.b64encode(left.state[start : start + _PIECE])
        yield name, f'"{piece.decode()}"'


def read_run(
    rows: Iterable[tuple[Any, Any]], objects: Container[int], frame_count: int
) -> UnfinishedRun | None:
    """Return the run of some rows; None where there is none, or anything wrong.

    Parameters
    ----------
    rows : iterable of (name, text)
        In the order of their names.
    objects : container of int
        All that exist.
    frame_count : int
        Frames of the stack, at all positions.
    """
    rows = iter(rows)
    _, text = next(rows, (RUN, None))
    if text is None:
        return None
    try:
        left = _run(as_fields(load_json(text, _WHERE), _WHERE, _FIELDS), _state(rows))
    except (ProjectError, ValueError, TypeError, OverflowError):
        return None
    first, stop = left.run.frames or (0, 1)
    inside = all(0 <= a < b <= frame_count for _, a, b in left.reached)
    known = all(one in objects for one in (*left.objects, *left.run.object_ids))
    if not (inside and known and 0 <= first < stop <= frame_count):
        return None
    return left


def _names() -> Iterator[str]:
    """Yield the names of pieces, in the order of the alphabet."""
    return (f"{RUN} {number:04}" for number in count())


def _state(rows: Iterable[tuple[Any, Any]]) -> bytes:
    pieces, size = [], 0
    for wanted, (name, text) in zip(_names(), rows, strict=False):
        as_text(text, _WHERE)
        size += len(text)
        if name != wanted or size > _MOST_TEXT:
            raise ProjectError(f"{_WHERE} is damaged.")
        pieces.append(base64.b64decode(load_json(text, _WHERE), validate=True))
    return b"".join(pieces)


def _run(content: dict[str, Any], state: bytes) -> UnfinishedRun:
    as_whole(content["version"], _WHERE, _VERSION, _VERSION)
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
