"""Where layers lie in the world: copied from the image, so that pixels line up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt
    from napari.layers import Layer

GEOMETRY = "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels"
"""The properties of a layer that say where it lies."""

_UPRIGHT = 1e-3


def copy_geometry(layer: Layer, offset: Sequence[int] | None = None) -> dict[str, Any]:
    """Return the keyword arguments that put a new layer where ``layer`` lies.

    Parameters
    ----------
    layer : Layer
    offset : sequence of int, optional
        Data coordinates of the new layer's first element, where it covers only a part.
    """
    geometry = {name: getattr(layer, name) for name in GEOMETRY}
    if offset is not None and any(offset):
        geometry["translate"] = layer.translate + _moved(layer, offset)
    return geometry


def follow_geometry(
    source: Layer, layers: Iterable[Layer], offset: Sequence[int] | None = None
) -> Callable[[], None]:
    """Keep layers where ``source`` lies, also when the user moves or scales it.

    Parameters
    ----------
    source : Layer
    layers : iterable of Layer
    offset : sequence of int, optional
        As for :func:`copy_geometry`.

    Returns
    -------
    callable
        Ends it.
    """
    followers = tuple(layers)

    def follow(_event: Any = None) -> None:
        for name, value in copy_geometry(source, offset).items():
            for layer in followers:
                setattr(layer, name, value)

    def end() -> None:
        for name in GEOMETRY:
            getattr(source.events, name).disconnect(follow)

    for name in GEOMETRY:
        getattr(source.events, name).connect(follow)
    return end


def check_upright(layer: Layer, plane: tuple[int, int]) -> None:
    """Check that a layer is not turned out of its frames.

    napari then shows a plane that is none of the frames.

    Parameters
    ----------
    layer : Layer
    plane : (int, int)
        The axes of a frame.

    Raises
    ------
    StackError
        If going along rows or columns leads to other frames in the world.
    """
    across = [axis for axis in range(layer.ndim) if axis not in plane]
    to_world = _linear(layer.data_to_world, layer.ndim)
    to_data = _linear(layer.world_to_data, layer.ndim)
    reached = _is_used(to_world[:, list(plane)].T)  # along these axes of the world
    telling = _is_used(to_data[across])  # which of them say at which frame one is
    if (reached & telling).any():
        raise StackError(
            f"{layer.name} is turned out of its frames by its rotate, shear or affine, "
            "so napari shows no frame of it as a whole: reset these (layer.affine = "
            "None), as masks are in pixels anyway, or resample it."
        )


def _linear(map_point: Callable[[Any], Any], ndim: int) -> npt.NDArray[np.float64]:
    """Return the matrix of an affine map, (D, D)."""
    origin = np.asarray(map_point((0.0,) * ndim))
    return np.stack([np.asarray(map_point(one)) - origin for one in np.eye(ndim)], 1)


def _is_used(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return for each column, (D,), whether it counts in any of the rows, (N, D)."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    return np.asarray((np.abs(rows) > _UPRIGHT * largest).any(axis=0))


def _moved(layer: Layer, offset: Sequence[int]) -> Any:
    """Return how far an offset in data coordinates reaches before the affine part."""
    origin = np.asarray(layer.data_to_world((0.0,) * layer.ndim))
    reached = np.asarray(layer.data_to_world(tuple(map(float, offset))))
    return np.linalg.solve(layer.affine.linear_matrix, reached - origin)
