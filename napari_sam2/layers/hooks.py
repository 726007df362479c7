"""Functions that napari's manifest names: files and sample stacks as layers.

Layers are plain tuples; nothing of their pixels is read here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import axis_names, distinct_names
from napari_sam2.core.errors import Sam2Error
from napari_sam2.io.prompt_file import read_prompts
from napari_sam2.io.reading.dicom import is_dicom, series_around
from napari_sam2.io.reading.hdf5 import image_datasets
from napari_sam2.io.reading.reordered import shown_order
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.samples import load_sample
from napari_sam2.layers.layer_file import DATASET_KEY, PATH_KEY, SERIES_KEY
from napari_sam2.layers.placed import place_metadata
from napari_sam2.layers.project_image import shown_pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_sam2.io.prompt_json import PromptSet
    from napari_sam2.io.reading.stack import Stack

LayerTuple = tuple[Any, dict[str, Any], str]

NO_LAYERS: list[Any] = [(None,)]
"""To napari, this says that a file was dealt with, and shows nothing."""

_HDF5 = (".h5", ".hdf5", ".hdf", ".ims")


def get_reader(path: str | Sequence[str]) -> Callable[[str], list[Any]] | None:
    """Return what opens a file; napari decides by its ending whether to ask."""
    return read_layers if isinstance(path, str) else None


def read_layers(path: str) -> list[Any]:
    """Open a file as image layers, which read their pixels when they are shown.

    What cannot be opened is told in a sentence, and gives no layer.
    """
    # here, for the command line and its tests have no need of napari
    from napari.utils.notifications import show_error, show_warning

    try:
        stacks = list(_stacks(Path(path)))
    except Sam2Error as error:
        show_error(str(error))
        return NO_LAYERS
    for notice in (notice for stack in stacks for notice in stack.notices):
        show_warning(notice)
    return [image_layer(stack) for stack in stacks]


def image_layer(stack: Stack) -> LayerTuple:
    """Return a stack as an image layer: its lazy array, name, axes, sizes and units.

    Rows and columns are the last axes, for those are what napari shows first. A pyramid
    comes with all its levels.
    """
    order = shown_order(axis_names(stack.axes))
    axes = tuple(stack.axes[axis] for axis in order)
    pixels = shown_pixels(stack, order)
    metadata = {
        PATH_KEY: str(stack.path),
        DATASET_KEY: stack.dataset,
        SERIES_KEY: stack.series,
        **place_metadata(stack),
    }
    described = {
        "name": stack.name,
        "metadata": metadata,
        "multiscale": bool(stack.levels),
        **_geometry(replace(stack, axes=axes)),
    }
    return pixels, described, "image"


def _stacks(path: Path) -> Iterator[Stack]:
    """Open all images of a file; of a DICOM slice, the series that it belongs to."""
    if path.name.lower().endswith(_HDF5) and len(image_datasets(path)) > 1:
        for dataset in image_datasets(path):
            yield open_stack(path, dataset=dataset)
    elif path.is_file() and is_dicom(path) and (around := series_around(path)):
        folder, series = around
        yield open_stack(folder, series)
    else:
        yield open_stack(path)


def bacteria_phase() -> list[LayerTuple]:
    """Open the time-lapse of bacteria and its masks."""
    return sample_layers("bacteria_phase")


def cells3d_nuclei() -> list[LayerTuple]:
    """Open the z-stack of nuclei and its masks."""
    return sample_layers("cells3d_nuclei")


def mni152_t1() -> list[LayerTuple]:
    """Open the brain volume and its masks."""
    return sample_layers("mni152_t1")


def bigbuckbunny() -> list[LayerTuple]:
    """Open the clip."""
    return sample_layers("bigbuckbunny")


def sample_layers(name: str) -> list[LayerTuple]:
    """Return a sample as an image layer and, where there are masks, a labels layer.

    Raises
    ------
    StackError
        If the sample is not installed.
    """
    sample = load_sample(name)
    image = open_stack(sample.stack)
    geometry = _geometry(image)
    labels = geometry["axis_labels"]
    geometry["axis_labels"] = (sample.frame_axis, *labels[1:])
    described = {"name": name, "metadata": {PATH_KEY: str(sample.stack)}, **geometry}
    layers: list[LayerTuple] = [(image.array, described, "image")]
    if sample.labels is not None:
        masks = open_stack(sample.labels)
        metadata = {"name": f"{name} masks", "visible": False, **geometry}
        layers.append((masks.array, metadata, "labels"))
    return layers


def add_sample(viewer: Any, name: str) -> tuple[Any, PromptSet]:
    """Add a sample to a viewer; return the image's layer, and the sample's prompts.

    Raises
    ------
    StackError, PromptError
        If the sample is not installed.
    """
    prompts = read_prompts(load_sample(name).prompts)
    layers = [
        getattr(viewer, f"add_{kind}")(data, **options)
        for data, options, kind in reversed(sample_layers(name))
    ]
    return layers[-1], prompts


def _geometry(stack: Stack) -> dict[str, Any]:
    """Return axis labels, pixel sizes and units, without a colour axis."""
    axes = [axis for axis in stack.axes if not (stack.is_rgb and axis.name in "sc")]
    geometry = {
        "axis_labels": distinct_names(tuple(axes)),  # or sliders are called alike
        "scale": [axis.scale for axis in axes],
        "units": [axis.unit or "pixel" for axis in axes],
    }
    return {**geometry, "rgb": True} if stack.is_rgb else geometry
