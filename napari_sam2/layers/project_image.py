"""Between an image layer and what a project says of its image; no pixel is read."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import axis_names
from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.io.reading.reordered import ReorderedArray, shown_order
from napari_sam2.layers.image_axes import image_axes, level_sizes
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.layer_file import (
    DATASET_KEY,
    PATH_KEY,
    SERIES_KEY,
    image_key,
    image_name,
    layer_path,
)
from napari_sam2.layers.placed import place_metadata
from napari_sam2.project.image import glance, refer_to_image
from napari_sam2.project.session import stack_geometry
from napari_sam2.project.values import Placing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Image

    from napari_sam2.io.reading.stack import Stack
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.project.values import ImageReference, Project, StackGeometry


def refer_to_layer(source: ImageSource, *, is_read: bool = False) -> ImageReference:
    """Describe the image of a layer.

    Parameters
    ----------
    source : ImageSource
    is_read : bool, optional
        Whether three frames are read for a fingerprint.
    """
    layer, path = source.layer, layer_path(source.layer)
    name = image_name(layer)
    inside = _place_in_file(layer)
    if is_read:
        return refer_to_image(name, path, frames=source.own, **inside)
    reference = refer_to_image(name, path, **inside)
    return replace(reference, fingerprint=glance(source.own, path))


def geometry_of(source: ImageSource) -> StackGeometry:
    """Describe how an image is followed."""
    return stack_geometry(
        source.axes,
        source.space.layout,
        is_colour=source.frames.is_colour,
        channels=source.frames.channels,
        limits=source.limits,
        level=source.frames.level,
        placing=placing_of(source.layer),
        beside=tuple(map(image_key, source.beside)),
    )


def refer_to_companion(layer: Image) -> ImageReference:
    """Describe an image that is seen beside another one; none of it is read."""
    inside = _place_in_file(layer)
    return refer_to_image(image_name(layer), layer_path(layer), **inside)


def _place_in_file(layer: Image) -> dict[str, Any]:
    """Return which image of its file a layer shows."""
    keys = {"dataset": DATASET_KEY, "series": SERIES_KEY}
    return {name: layer.metadata.get(key) for name, key in keys.items()}


def placing_of(layer: Image) -> Placing:
    """Describe where a layer lies in the world."""
    return Placing(
        scale=tuple(map(float, layer.scale)),
        translate=tuple(map(float, layer.translate)),
        rotate=_rows(layer.rotate),
        shear=tuple(map(float, layer.shear)),
        affine=_rows(layer.affine),
    )


def put_in_place(layer: Image, placing: Placing | None) -> None:
    """Put a layer where a project says that it lay; nowhere else if it does not."""
    if placing is not None:
        for one in fields(placing):
            setattr(layer, one.name, np.array(getattr(placing, one.name)))


def source_for(
    project: Project, layer: Image, beside: Sequence[Image] = ()
) -> ImageSource:
    """Follow a layer as a project followed its image.

    Parameters
    ----------
    project : Project
    layer : Image
    beside : sequence of Image, optional
        Further channels.

    Raises
    ------
    ProjectError, StackError
        If the layer has other frames.
    """
    stack = project.stack
    axes = image_axes(layer)
    layout = stack.layout
    if [one.size for one in axes] != [one.size for one in stack.axes]:
        raise ProjectError(
            f"The image {layer.name} has the size {_sizes(axes)}, and the project's "
            f"image {_sizes(stack.axes)}: it is another image."
        )
    source = image_source(
        layer,
        axis=layout.frame,
        at=dict(layout.fixed),
        channels=stack.channels,
        limits=stack.limits,
        level=stack.level if stack.level < len(level_sizes(layer)) else 0,
        beside=beside,
        every=bool(layout.positions),
    )
    if source.space.layout != layout:
        raise ProjectError(
            f"The axes of {layer.name} have other names than those of the project's "
            f"image, which are {axis_names(stack.axes).upper()}."
        )
    return source


def fitting_layers(project: Project, layers: Iterable[Image]) -> list[Image]:
    """Return the layers that a project's masks fit."""
    found = []
    for layer in layers:
        try:
            source_for(project, layer)
        except Sam2Error:
            continue
        found.append(layer)
    return found


def project_layer(project: Project, stack: Stack) -> tuple[Any, dict[str, Any]]:
    """Return array and options of a layer that shows a project's image again.

    Axes have the order, names, sizes and units that the project keeps.

    Raises
    ------
    ProjectError
        If the stack has other axes.
    """
    kept = project.stack
    array = _array_of(kept, stack)
    options: dict[str, Any] = {
        "name": project.image.name or stack.name,
        "axis_labels": tuple(one.name for one in kept.axes),
        "scale": [one.scale for one in kept.axes],
        "units": [one.unit or "pixel" for one in kept.axes],
        "metadata": {
            PATH_KEY: str(stack.path),
            DATASET_KEY: stack.dataset,
            SERIES_KEY: stack.series,
            **place_metadata(stack),
        },
        "rgb": kept.is_colour,
        "multiscale": bool(stack.levels),
    }
    if kept.limits is not None and not kept.is_colour:
        options["contrast_limits"] = min(kept.limits.low), max(kept.limits.high)
    return array, options


def shown_pixels(stack: Stack, order: tuple[int, ...]) -> Any:
    """Return the lazy array of a stack with its axes in some order.

    Of a pyramid, a list of all levels is returned, as napari wants it.
    """
    arrays = list(stack.levels or (stack.array,))
    if order != tuple(range(len(order))):
        arrays = [ReorderedArray(one, order) for one in arrays]
    return arrays if stack.levels else arrays[0]


def _array_of(kept: StackGeometry, stack: Stack) -> Any:
    """Return the array of a stack in the order in which it was shown."""
    sizes = tuple(one.size for one in kept.axes)
    shape = stack.shape
    for order in (shown_order(axis_names(stack.axes)), tuple(range(len(shape)))):
        turned = tuple(shape[axis] for axis in order)
        if (turned[:-1] if kept.is_colour else turned) == sizes:
            return shown_pixels(stack, order)
    raise ProjectError(
        f"{stack.path} has the shape {tuple(stack.array.shape)}, and the project's "
        f"image {_sizes(kept.axes)}: it is another image."
    )


def _rows(matrix: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in np.asarray(matrix))


def _sizes(axes: Iterable[Any]) -> str:
    return " × ".join(str(one.size) for one in axes)
