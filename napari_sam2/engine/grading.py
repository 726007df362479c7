"""What a choice of quality means: for a model, on a device of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.quality import grade
from napari_sam2.engine.device import pick_device
from napari_sam2.engine.loading import own_config
from napari_sam2.engine.rounding import gains_from_rounding
from napari_sam2.model.cost import encoder_flops

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.quality import Quality, QualityMode
    from napari_sam2.model.config import Sam2Config

_GAIN = 6  # two cores with the units encode 4.9e11 operations in a second


def choose_quality(
    mode: QualityMode, name_or_path: str | Path = "nano", *, device: str = "auto"
) -> Quality:
    """Return the quality that a user's choice means.

    Parameters
    ----------
    mode : {"auto", "exact", "rounded", "balanced", "fast"}
    name_or_path : str or Path, optional
        As for :func:`napari_sam2.load_model`; a released model need not be here.
    device : str, optional
        As for :func:`napari_sam2.load_model`.

    Raises
    ------
    ModelError, CheckpointError
        With ``"auto"``, as :func:`napari_sam2.load_model`.

    Examples
    --------
    >>> quality = choose_quality("fast")
    >>> model = load_model("sam2.1-tiny", quality=quality)
    >>> tracker = VideoTracker(model, stack, options=TrackerOptions(quality=quality))
    """
    if mode != "auto":
        return grade(mode)
    config = own_config(name_or_path)
    return grade(
        mode,
        is_processor=_is_processor(device),
        own_size=config.image_size,
        encoder_flops=lambda size: encoder_flops(config.at_size(size)),
        gain_of_rounding=_GAIN if _may_round(device, config) else 1,
    )


def _may_round(device: str, config: Sam2Config) -> bool:
    """Whether the processor, if it is one, and PyTorch's, gains from it."""
    return device in ("auto", "cpu") and gains_from_rounding(config)


def _is_processor(device: str) -> bool:
    """Whether a device is no GPU; one that is named need not be PyTorch's, or here."""
    if device == "auto":
        return pick_device().type == "cpu"
    return device in ("cpu", "openvino")
