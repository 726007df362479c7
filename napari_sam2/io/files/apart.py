"""Outputs that would be written over what is read, or over one another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.output import looking_for
from napari_sam2.io.files.zarr_folder import is_zarr

if TYPE_CHECKING:
    from pathlib import Path

_LABELS = "labels"  # where OME-Zarr has those of an image


def check_apart(outputs: tuple[Path, ...], inputs: tuple[Path, ...]) -> None:
    """Check that outputs are neither inputs, nor the same file, nor in an image.

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
        for folder in inputs:
            _check_not_inside(output, folder)


def _check_not_inside(output: Path, folder: Path) -> None:
    """Refuse what would lie among the pictures of a folder, or the chunks of a Zarr."""
    inner, outer = output.resolve(), folder.resolve()
    if not folder.is_dir() or outer not in inner.parents:
        return
    if is_zarr(folder):
        if _LABELS not in inner.parent.relative_to(outer).parts:
            raise OutputError(
                f"{output} would lie inside the Zarr image {folder}: choose another "
                f"folder, or {folder / _LABELS / 'NAME'}, where labels belong."
            )
    elif inner.parent == outer:
        raise OutputError(
            f"{output} would lie among the pictures of the stack {folder}: choose "
            "another folder."
        )


def _is_same(one: Path, other: Path) -> bool:
    with looking_for(one):
        if one.exists() and other.exists():
            return one.samefile(other)
    return one.resolve() == other.resolve()
