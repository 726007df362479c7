"""What a choice of quality means: for a model, on a device of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.quality import grade, of_graphs
from napari_sam2.engine.device import pick_device
from napari_sam2.engine.loading import own_model
from napari_sam2.engine.onnx.providers import is_processor as onnx_on_processor
from napari_sam2.engine.rounding import gains_from_rounding
from napari_sam2.model.cost import encoder_flops

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.quality import Quality, QualityMode
    from napari_sam2.engine.loading import Backend


def choose_quality(
    mode: QualityMode,
    name_or_path: str | Path = "nano",
    *,
    device: str = "auto",
    backend: Backend = "auto",
) -> Quality:
    """Return the quality that a user's choice means.

    Parameters
    ----------
    mode : {"auto", "exact", "rounded", "balanced", "fast"}
    name_or_path : str or Path, optional
        As for :func:`napari_sam2.load_model`; a released model need not be here.
    device : str, optional
        As for :func:`napari_sam2.load_model`.
    backend : {"auto", "torch", "onnx"}, optional
        As for :func:`napari_sam2.load_model`; graphs of ONNX are not rounded.

    Raises
    ------
    ModelError, CheckpointError, DeviceError
        With ``"auto"``, as :func:`napari_sam2.load_model`.

    Examples
    --------
    >>> quality = choose_quality("fast")
    >>> model = load_model("sam2.1-tiny", quality=quality)
    >>> tracker = VideoTracker(model, stack, options=TrackerOptions(quality=quality))
    """
    if mode != "auto":
        return grade(mode)
    config, is_exported = own_model(name_or_path)
    is_onnx = is_exported or backend == "onnx"
    is_pytorch = not is_onnx and device in ("auto", "cpu")
    chosen = grade(
        mode,
        is_processor=_is_processor(device, is_onnx=is_onnx),
        own_size=config.image_size,
        encoder_flops=lambda size: encoder_flops(config.at_size(size)),
        has_units=is_pytorch and gains_from_rounding(config),
    )
    return of_graphs(chosen) if is_exported else chosen


def _is_processor(device: str, *, is_onnx: bool) -> bool:
    """Whether a device is no GPU; one that PyTorch is told need not be here."""
    if is_onnx:
        return onnx_on_processor(device)
    if device == "auto":
        return pick_device().type == "cpu"
    return device in ("cpu", "openvino")
