"""The reference outputs beside this file, and models with the weights behind them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import torch

from napari_sam2.model.checkpoint import build_model, load_weights
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model
from tests.golden.recipe import seeded_state

HERE = Path(__file__).parent
_SIZES = {"t": "tiny", "s": "small", "bplus": "base-plus", "l": "large"}

ALL = sorted(path.stem for path in HERE.glob("*.npz"))
VIDEOS = [stem for stem in ALL if stem not in ("sam2.1_t_1024", "sam2_l_256")]


@cache
def outputs(stem: str) -> dict[str, np.ndarray]:
    """Return the reference's outputs of one file."""
    with np.load(HERE / f"{stem}.npz") as arrays:
        return dict(arrays)


def shapes(stem: str) -> dict[str, list[int]]:
    """Return names and shapes of the reference's state dict."""
    return json.loads((HERE / f"{stem}.shapes.json").read_text())


def model(stem: str) -> Sam2Model:
    """Build the model behind one file."""
    if stem == "nano_256":
        bundled = resources.files("napari_sam2") / "bundled" / "nano.safetensors"
        trained = load_weights(Path(str(bundled)))
        # The reference always refines; the bundled model has not learned to.
        trained.config = replace(trained.config, refines_masks=True)
        return trained
    version, size, pixels = stem.removesuffix("_absent").split("_")
    config = VARIANTS[f"{version}-{_SIZES[size]}"].at_size(int(pixels))
    state = seeded_state(shapes(stem), absent=stem.endswith("_absent"))
    tensors = {name: torch.from_numpy(value) for name, value in state.items()}
    return build_model(config, tensors, name=stem)
