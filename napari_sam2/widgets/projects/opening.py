"""A project that is being opened, as far as that has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.layers.layer_file import shows_file
from napari_sam2.project import Whereabouts

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.project import ImageState, Project, Recovery


@dataclass(frozen=True, slots=True)
class Opening:
    """A project on its way.

    Attributes
    ----------
    project : Project
    path : Path or None
        Of the project; None for work that was never saved.
    recovery : Recovery or None
        Where it is restored from.
    state : ImageState
        What became of its image.
    was_asked : bool
        Whether somebody has to say where its image is, or that another one will do.
    """

    project: Project
    path: Path | None
    recovery: Recovery | None
    state: ImageState
    was_asked: bool = False

    @property
    def is_saved(self) -> bool:
        """Whether it lies in a file as it is: it would not be asked for again."""
        return self.recovery is None and not self.was_asked

    @property
    def file(self) -> Path | None:
        """What it is read from."""
        return self.path if self.recovery is None else self.recovery.path

    def has_its_image(self, layer: Any) -> bool:
        """Say whether a layer shows the very image that the project was made on."""
        is_as_before = self.state.whereabouts in (Whereabouts.FOUND, Whereabouts.MOVED)
        return is_as_before and shows_file(layer, self.state.path)
