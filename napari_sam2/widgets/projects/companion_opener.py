"""The images that a project's image is seen with: found among layers, or opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.geometry import copy_geometry
from napari_sam2.layers.hooks import image_layer
from napari_sam2.layers.layer_file import image_key
from napari_sam2.project import locate_companion

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.io.reading.stack import Stack
    from napari_sam2.project import Project

Found = dict[str, "Stack | None"]
"""What was opened, by key; None for what is lost."""


class Companions:
    """The images that are seen beside a project's own.

    Parameters
    ----------
    viewer : napari.Viewer
    project : Project
    project_path : Path
    """

    def __init__(self, viewer: Any, project: Project, project_path: Path) -> None:
        self._viewer = viewer
        self._keys = project.stack.beside
        self._known = {one.key: one for one in project.beside}
        self._path = project_path

    @property
    def is_complete(self) -> bool:
        """Whether all of them are open."""
        return set(self._keys) <= self._open().keys()

    def read(self, token: CancelToken) -> Generator[Found]:
        """Open the files of those that are not open; a job for a lane."""
        yield {key: self._opened(key) for key in self._keys}

    def _opened(self, key: str) -> Stack | None:
        image = self._known.get(key)
        path = None if image is None else locate_companion(image, self._path)
        if image is None or path is None:
            return None
        try:
            return open_stack(path, image.series, dataset=image.dataset)
        except Sam2Error:
            return None

    def layers(self, layer: Any, found: Found) -> tuple[Any, ...]:
        """Return them as layers, those that were opened being shown as well.

        Raises
        ------
        ProjectError
            If one is lost.
        """
        layers = self._open()
        for key in self._keys:
            if key not in layers:
                stack = found.get(key)
                if stack is None:
                    raise ProjectError(_lost(key))
                layers[key] = self._show(layer, stack)
        return tuple(layers[key] for key in self._keys)

    def _open(self) -> dict[str, Any]:
        images = [one for one in self._viewer.layers if isinstance(one, Image)]
        return {image_key(one): one for one in images}

    def _show(self, layer: Any, stack: Stack) -> Any:
        pixels, options, _ = image_layer(stack)
        if len(stack.axes) == layer.ndim:
            options |= copy_geometry(layer)
        return self._viewer.add_image(pixels, **options, blending="additive")


def _lost(key: str) -> str:
    return (
        f"The image {key}, whose pixels were a channel of the project's, is no longer "
        "there: open it, and tick it under Channels."
    )
