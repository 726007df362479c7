"""Outputs that would be written over what is read, or over one another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path


def check_apart(outputs: tuple[Path, ...], inputs: tuple[Path, ...]) -> None:
    """Check that outputs are neither inputs, nor the same file, nor in a stack.

    Parameters
    ----------
    outputs : tuple of Path
        Everything that will be written; see ``ResultFormat.paths``.
    inputs : tuple of Path
        What is read, and must never be replaced.

    Raises
    ------
    OutputError
        If one is.
    """
    for one, other in combinations(outputs, 2):
        if _is_same(one, other):
            raise OutputError(f"Two outputs are the same file, {one}: give two names.")
    for output in outputs:
        if any(_is_same(output, path) for path in inputs):
            raise OutputError(
                f"{output} is an input and is never replaced: choose another "
                "name for the output."
            )
        inside = [p for p in inputs if p.is_dir() and p.resolve() in _above(output)]
        if inside:
            raise OutputError(
                f"{output} would lie inside the stack {inside[0]} and become one of "
                "its pictures: choose another folder."
            )


def _above(path: Path) -> list[Path]:
    return list(path.resolve().parents)


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
