"""Functions that napari's manifest names: sample stacks as layers.

They return plain layer tuples, so that not even napari is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sam2.core.axes import axis_names
from napari_sam2.io.samples import load_sample
from napari_sam2.io.stack import open_stack

if TYPE_CHECKING:
    from napari_sam2.io.stack import Stack

LayerTuple = tuple[Any, dict[str, Any], str]


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
    layers: list[LayerTuple] = [(image.array, {"name": name, **geometry}, "image")]
    if sample.labels is not None:
        masks = open_stack(sample.labels)
        metadata = {"name": f"{name} masks", "visible": False, **geometry}
        layers.append((masks.array, metadata, "labels"))
    return layers


def _geometry(stack: Stack) -> dict[str, Any]:
    """Return axis labels, pixel sizes and units, without a colour axis."""
    axes = [axis for axis in stack.axes if not (stack.is_rgb and axis.name in "sc")]
    geometry = {
        "axis_labels": tuple(axis_names(tuple(axes))),
        "scale": [axis.scale for axis in axes],
        "units": [axis.unit or "pixel" for axis in axes],
    }
    return {**geometry, "rgb": True} if stack.is_rgb else geometry
