"""The model that is measured: with its weights, or with seeded noise in their place."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import torch

from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.core.quality import EXACT
from napari_sam2.engine.compiled.opening import compiled_network
from napari_sam2.engine.device import pick_device
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.rounding import settle_precision
from napari_sam2.engine.weights import resolve_weights
from napari_sam2.model.checkpoint import build_model
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.description import at_size
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.loading import Backend
    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config

_PRESENT = 5.0  # logit: a tracker of noise would lose its objects


def open_model(
    name: str,
    *,
    device: str = "auto",
    image_size: int | None = None,
    backend: Backend = "auto",
    quality: Quality = EXACT,
    is_compiled: bool = False,
) -> tuple[Network, bool]:
    """Return a model, and whether its weights are noise as they are not here.

    Parameters
    ----------
    name : str
        As for :func:`napari_sam2.load_model`; with PyTorch, released models need not be
        downloaded.
    device : str, optional
    image_size : int, optional
    backend : str, optional
    quality : Quality, optional
    is_compiled : bool, optional

    Raises
    ------
    ModelError, CheckpointError, DeviceError
        As for :func:`napari_sam2.load_model`.
    """
    if backend != "onnx" and _must_be_seeded(name):
        target = pick_device(device)
        config = VARIANTS[name]
        if image_size is None:
            image_size = quality.image_size(config.image_size)
        seeded = seeded_model(at_size(config, image_size)).to(target)
        settle_precision(seeded, quality)
        return compiled_network(seeded) if is_compiled else seeded, True
    model = load_model(
        name,
        device=device,
        image_size=image_size,
        backend=backend,
        quality=quality,
        is_compiled=is_compiled,
    )
    return model, False


def _must_be_seeded(name: str) -> bool:
    """Whether it is a released model that is not on this machine."""
    try:
        resolve_weights(name)
    except CheckpointError:
        raise
    except ModelError:
        if name not in VARIANTS:
            raise
        return True
    return False


def seeded_model(config: Sam2Config) -> Sam2Model:
    """Return a model whose weights depend on nothing but their names and shapes."""
    shapes = empty_model(config).state_dict()
    state = {name: _noise(name, tensor.shape) for name, tensor in shapes.items()}
    return build_model(config, state, name=config.name)


def empty_model(config: Sam2Config) -> Sam2Model:
    """Return a model without any values, which says what it would compute."""
    with torch.device("meta"):
        return Sam2Model(config).eval().requires_grad_(False)


def _noise(name: str, shape: torch.Size) -> torch.Tensor:
    """Return values that keep the variance of what goes through them."""
    if name.endswith("pred_obj_score_head.layers.2.bias"):
        return torch.full(shape, _PRESENT)
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    noise = torch.randn(shape, generator=generator)
    leaf = name.rpartition(".")[2]
    if leaf == "positional_encoding_gaussian_matrix":
        return noise
    if len(shape) == 1:
        return 0.1 * noise + (leaf in ("weight", "gamma"))
    is_map = leaf == "weight" and "embed" not in name.split(".")[-2]
    return noise / math.sqrt(shape[1:].numel()) if is_map else 0.3 * noise
