"""The project file: an SQLite database that any language can read.

``application_id`` is 0x53414D32 ("SAM2") and ``user_version`` the version of what is
described here. There are tables and nothing else: no triggers, views or indices.
Numbers of objects start at 1, frames and pixels are counted from 0, coordinates are
pixels of the image, row first, with pixel centres at integers.

``about`` (name, json)
    ``image``: name, paths, fingerprint. ``stack``: axes, which one is followed, number
    and size of the frames, where they lie in the viewer's world. ``choices``: what the
    user chose. ``model``: name and SHA-256 of the weights. ``saved``: versions of
    software, dates. ``view``: the frame and the object that were looked at; may be
    missing. ``beside``: further images that are channels of it; may be missing.
    ``descent``: the daughters of objects that divided, each with its ``parent`` and the
    first ``frame`` on which it is there; missing where there are none.
    ``recovery``: in autosaved files only, the project that they belong to. ``run``: a
    run that was stopped. ``run 0000``, ``run 0001``, …: what the tracker remembers of
    it, safetensors in pieces, each in base64. They may be missing, and who passes over
    them begins the run anew. They are true of the masks beside them only.
``objects`` (object_id, name)
``prompts`` (frame, object_id, json)
    ``{"points": [[y, x, positive], …], "box": [y0, x0, y1, x1] or null}``.
``masks`` (frame, object_id, depth, …)
    Depth 0 is what is seen; 1 is what comes back when its prompts are withdrawn, and so
    on. ``y, x, height, width`` is the bounding box, all 0 for an object that is absent.
    ``pixels`` are its pixels row by row, eight to a byte, the first in the highest bit,
    the rest of the last byte 0; where ``is_deflated`` is 1, compressed with zlib.
    ``origin`` is ``prompted``, ``tracked`` or ``painted``. ``predicted_iou`` and
    ``object_logit`` are the model's own estimates, NULL for not a number. ``answers``
    are the prompts that a prompted mask answers, as in ``prompts``. ``step`` is the
    number of the step that gave the mask, NULL for what the user painted.
``steps`` (number, json)
    What the model was told, in order, counted from 0; see
    :mod:`napari_sam2.core.recipe`. ``kind`` is ``made``, ``told``, ``removed`` or
    ``followed``.
``step_masks`` (number, role, y, x, height, width, is_deflated, pixels)
    What was ``painted`` in a step, and the ``previous`` mask that it corrects.

Version 1 had neither ``steps`` nor ``step_masks``, nor the column ``step``. Version 3
has the tables of version 2, and says that frames have positions (``positions`` in the
layout of ``stack``), that other images are channels (``beside``), or that a step was
made with a ``quality`` that is not exact: who passed over these would count frames
otherwise, or show the model something else. Projects with none of them are still
written as version 2, so that older programs can open them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.quality import EXACT
from napari_sam2.core.recipe import Made

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Project

APPLICATION_ID = 0x53414D32
VERSION = 3
SUFFIX = ".sam2"

_ABOUT = "CREATE TABLE about (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID"
_OBJECTS = "CREATE TABLE objects (object_id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
_PROMPTS = (
    "CREATE TABLE prompts (frame INTEGER, object_id INTEGER, json TEXT NOT NULL, "
    "PRIMARY KEY (frame, object_id)) WITHOUT ROWID"
)
_PIXELS = (
    "y INTEGER NOT NULL, x INTEGER NOT NULL, "
    "height INTEGER NOT NULL, width INTEGER NOT NULL, "
    "is_deflated INTEGER NOT NULL, pixels BLOB NOT NULL, "
)
_MASKS = (
    "CREATE TABLE masks (frame INTEGER, object_id INTEGER, depth INTEGER, "
    f"{_PIXELS}origin TEXT NOT NULL, "
    "predicted_iou REAL, object_logit REAL, is_locked INTEGER NOT NULL, "
    "is_reviewed INTEGER NOT NULL, answers TEXT, step INTEGER, "
    "PRIMARY KEY (frame, object_id, depth)) WITHOUT ROWID"
)
_STEPS = "CREATE TABLE steps (number INTEGER PRIMARY KEY, json TEXT NOT NULL)"
_STEP_MASKS = (
    f"CREATE TABLE step_masks (number INTEGER, role TEXT, {_PIXELS}"
    "PRIMARY KEY (number, role)) WITHOUT ROWID"
)

_TABLES = {
    "about": _ABOUT,
    "objects": _OBJECTS,
    "prompts": _PROMPTS,
    "masks": _MASKS,
    "steps": _STEPS,
    "step_masks": _STEP_MASKS,
}

TABLES: dict[int, dict[str, str]] = {
    1: {
        "about": _ABOUT,
        "objects": _OBJECTS,
        "prompts": _PROMPTS,
        "masks": _MASKS.replace("step INTEGER, ", ""),
    },
    2: _TABLES,
    3: _TABLES,
}
"""The statement that makes each table, by version of the file."""

_PIXEL_COLUMNS = "y, x, height, width, is_deflated, pixels"
_MASK_COLUMNS = (
    f"frame, object_id, depth, {_PIXEL_COLUMNS}, origin, predicted_iou, object_logit, "
    "is_locked, is_reviewed, answers"
)

DESCENT = "descent"
RUN = "run"
OF_RUN = f"(name = '{RUN}' OR name GLOB '{RUN} *')"
"""The rows of ``about`` that are large, and that nobody needs."""
SELECT_RUN = f"SELECT name, json FROM about WHERE {OF_RUN} ORDER BY name"
ABOUT_ONE = "SELECT json FROM about WHERE name = ?"
"""How one row of ``about`` is read, in all versions."""

_NEWEST = {
    "about": f"SELECT name, json FROM about WHERE NOT {OF_RUN}",
    "objects": "SELECT object_id, name FROM objects",
    "prompts": "SELECT frame, object_id, json FROM prompts",
    "masks": f"SELECT {_MASK_COLUMNS}, step FROM masks ORDER BY 1, 2, 3",
    "steps": "SELECT number, json FROM steps ORDER BY 1",
    "step_masks": f"SELECT number, role, {_PIXEL_COLUMNS} FROM step_masks",
}

SELECTS: dict[int, dict[str, str]] = {
    1: {
        **_NEWEST,
        "masks": f"SELECT {_MASK_COLUMNS}, NULL FROM masks ORDER BY 1, 2, 3",
        "steps": "SELECT 0, '' WHERE 0",
        "step_masks": "SELECT 0 WHERE 0",
    },
    2: _NEWEST,
    3: _NEWEST,
}
"""How each table is read, by version of the file: with the columns of the newest."""


def version_of(project: Project) -> int:
    """Return the oldest version whose readers understand all of a project."""
    is_new = project.stack.layout.positions or project.stack.beside or project.beside
    return 3 if is_new or any(map(_is_inexact, project.contents.steps)) else 2


def _is_inexact(step: RecipeStep) -> bool:
    return isinstance(step, Made) and step.quality != EXACT


def database_uri(path: Path, options: str) -> str:
    """Return the address of a file for SQLite, with options such as ``mode=ro``.

    Folders shared by Windows begin with the name of a server, which SQLite wants after
    four slashes.
    """
    uri = path.absolute().as_uri()
    if not uri.startswith("file:///"):
        uri = uri.replace("file://", "file:////", 1)
    return f"{uri}?{options}"
