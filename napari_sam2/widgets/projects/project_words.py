"""What the part "Project" says of the work on display, and of work beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.layers.image_axes import axis_word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_sam2.project import Recovery
    from napari_sam2.widgets.projects.keeper import Keeper
    from napari_sam2.widgets.projects.opening import Opening

KEPT = "They are kept as you go, and are offered here when the dock is opened again"
_LONGEST_NAME = 24


def title(keeper: Keeper | None) -> str:
    """Return the name of the project, with a star for what is not saved."""
    if keeper is None or (keeper.path is None and not keeper.is_unsaved):
        return ""
    name = "not saved" if keeper.path is None else keeper.path.name
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}…"
    return f"{name}*" if keeper.is_unsaved else name


def opens(file: Path, recovery: Recovery | None) -> str:
    """Say what is being opened."""
    if recovery is None:
        return f"Opening {file.name}…"
    return f"Restoring the work on {recovery.image_name or 'an image'}…"


def opened(opening: Opening) -> str:
    """Say what was opened."""
    path = opening.path or opening.state.path
    if opening.recovery is None:
        return f"Opened: {path}"
    return f"Restored what was not saved{f' of {path}' if path else ''}."


def unsaved_axes(keeper: Keeper, keepers: Iterable[Keeper]) -> str:
    """Name the other axes of an image whose work is not saved: "z and x"."""
    image = keeper.session.image
    others = (
        one.session.image
        for one in keepers
        if one is not keeper
        and one.session.image.layer == image.layer
        and one.is_unsaved
    )
    axes = (one.axes[one.frame_axis] for one in others if one.frame_axis is not None)
    return " and ".join(map(axis_word, axes))


def saved(path: Path, axes: str) -> str:
    """Say what was saved, and what was not: the work along other ``axes``."""
    if not axes:
        return f"Saved: {path}"
    return (
        f"Saved: {path}. The work along {axes} is not in it, as it is a project of its "
        f"own: follow along {axes} again, and save it, too."
    )


def note(keeper: Keeper | None, axes: str) -> str:
    """Return one short line in every case, so that nothing below it moves."""
    if keeper is None:
        return "Nothing to save yet."
    if keeper.is_unsaved:
        return "Unsaved changes are kept if napari closes."
    if keeper.path is None:
        return "Nothing to save yet."
    return (
        f"Saved, but not the work along {axes}." if axes else "All changes are saved."
    )
