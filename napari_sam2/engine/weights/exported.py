"""Folders of ONNX graphs in the place of a file of weights: how they are recognised."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "manifest.json"
"""The file that makes a folder an exported model."""


def is_exported(path: Path) -> bool:
    """Whether what ``resolve_weights`` returned means ONNX graphs."""
    return path.name == MANIFEST


def exported_folder(name_or_path: str | Path) -> Path | None:
    """Return the folder of ONNX graphs that a user named, if it is one."""
    path = Path(name_or_path).expanduser()
    folder = path.parent if is_exported(path) else path
    try:
        return folder if (folder / MANIFEST).is_file() else None
    except OSError:  # the name is too long for a file
        return None
