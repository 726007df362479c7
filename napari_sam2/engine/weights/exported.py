"""Folders of ONNX graphs in the place of a file of weights: how they are recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest.json"
"""The file that makes a folder an exported model."""


def is_exported(path: Path) -> bool:
    """Whether what ``resolve_weights`` returned means ONNX graphs."""
    return path.name == MANIFEST
