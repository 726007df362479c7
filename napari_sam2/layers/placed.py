"""Where the image of a layer lies in the patient, as its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.io.reading.opened import SCANNER
from napari_sam2.io.writing.placing import affine_at

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes
    from napari_sam2.io.reading.opened import Affine, SpaceCodes
    from napari_sam2.io.reading.stack import Stack
    from napari_sam2.layers.image_source import ImageSource

_AFFINE_KEY = "napari_sam2_affine"
_CODES_KEY = "napari_sam2_space_codes"
_SIZES_KEY = "napari_sam2_sizes"
_SPACE = "xyz"


def place_metadata(stack: Stack) -> dict[str, Any]:
    """Return what a layer's metadata note of the place of its image."""
    if stack.affine is None:
        return {}
    return {
        _AFFINE_KEY: stack.affine,
        _CODES_KEY: stack.space_codes,
        _SIZES_KEY: _sizes(stack.axes),
    }


def _sizes(axes: Axes) -> dict[str, int]:
    return {axis.name: axis.size for axis in axes if axis.name in _SPACE}


def place_of(image: ImageSource) -> tuple[Affine | None, SpaceCodes]:
    """Return the affine of results along x, y and z, and the codes of its space.

    None where the layer's file does not say it, or was opened by another plugin, which
    may have turned it, or where the layer is a part of what was opened.
    """
    noted, layout = image.layer.metadata, image.space.layout
    affine = noted.get(_AFFINE_KEY)
    if affine is None or noted.get(_SIZES_KEY) != _sizes(image.axes):
        return None, SCANNER
    names = [axis.name for axis in image.axes]
    return affine_at(affine, names, layout.fixed), noted.get(_CODES_KEY, SCANNER)
