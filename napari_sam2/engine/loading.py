"""From a name or a file to a model on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.engine.device import pick_device
from napari_sam2.engine.weights.cache import resolve_weights
from napari_sam2.model.checkpoint import load_weights

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.model.sam2 import Sam2Model


def load_model(
    name_or_path: str | Path = "nano",
    *,
    device: str = "auto",
    image_size: int | None = None,
) -> Sam2Model:
    """Load a model, ready to segment.

    Parameters
    ----------
    name_or_path : str or Path, optional
        A name that ``napari-sam2 models list`` shows, or a weights file (``.pt`` or
        ``.safetensors``). ``nano`` comes with the package; the others are downloaded
        once, by ``napari-sam2 models download NAME``.
    device : str, optional
        ``"auto"`` (CUDA, else MPS, else CPU), or ``"cpu"``, ``"cuda"``, ``"cuda:1"``,
        ``"mps"``.
    image_size : int, optional
        Side of the square that frames are squashed to, a multiple of 32; by default
        what the model was made for.

    Returns
    -------
    Sam2Model

    Raises
    ------
    ModelError
        If the name is unknown or its weights are not here yet.
    CheckpointError
        If the file is broken, unsafe or of another architecture.
    DeviceError
        If the machine has no such device.
    """
    target = pick_device(device)
    path = resolve_weights(name_or_path)
    return load_weights(path, image_size=image_size).to(target)
