"""The project file: an SQLite database that any language can read.

``application_id`` is 0x53414D32 ("SAM2") and ``user_version`` the version of what is
described here. There are tables and nothing else: no triggers, views or indices.
Numbers of objects start at 1, frames and pixels are counted from 0, coordinates are
pixels of the image, row first, with pixel centres at integers.

``about`` (name, json)
    ``image``: name, paths, fingerprint. ``stack``: axes, which one is followed, number
    and size of the frames. ``choices``: what the user chose. ``model``: name and
    SHA-256 of the weights. ``saved``: versions of software, dates. ``recovery``: in
    autosaved files only, the project that they belong to.
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
    are the prompts that a prompted mask answers, as in ``prompts``.

Version 1 had all of this.
"""

from __future__ import annotations

APPLICATION_ID = 0x53414D32
VERSION = 1
SUFFIX = ".sam2"

_ABOUT = "CREATE TABLE about (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID"
_OBJECTS = "CREATE TABLE objects (object_id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
_PROMPTS = (
    "CREATE TABLE prompts (frame INTEGER, object_id INTEGER, json TEXT NOT NULL, "
    "PRIMARY KEY (frame, object_id)) WITHOUT ROWID"
)
_MASKS = (
    "CREATE TABLE masks (frame INTEGER, object_id INTEGER, depth INTEGER, "
    "y INTEGER NOT NULL, x INTEGER NOT NULL, "
    "height INTEGER NOT NULL, width INTEGER NOT NULL, "
    "is_deflated INTEGER NOT NULL, pixels BLOB NOT NULL, origin TEXT NOT NULL, "
    "predicted_iou REAL, object_logit REAL, is_locked INTEGER NOT NULL, "
    "is_reviewed INTEGER NOT NULL, answers TEXT, "
    "PRIMARY KEY (frame, object_id, depth)) WITHOUT ROWID"
)

TABLES: dict[int, dict[str, str]] = {
    1: {"about": _ABOUT, "objects": _OBJECTS, "prompts": _PROMPTS, "masks": _MASKS},
}
"""The statement that makes each table, by version of the file."""

_MASK_COLUMNS = (
    "frame, object_id, depth, y, x, height, width, is_deflated, pixels, origin, "
    "predicted_iou, object_logit, is_locked, is_reviewed, answers"
)

SELECTS: dict[int, dict[str, str]] = {
    1: {
        "about": "SELECT name, json FROM about",
        "objects": "SELECT object_id, name FROM objects",
        "prompts": "SELECT frame, object_id, json FROM prompts",
        "masks": f"SELECT {_MASK_COLUMNS} FROM masks ORDER BY 1, 2, 3",
    },
}
"""How each table is read, by version of the file: with the columns of the newest."""
