"""The reference outputs beside this file, and models with the weights behind them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from napari_sam2.model.checkpoint import build_model, load_weights
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model
from tests.golden.recipe import seeded_array

HERE = Path(__file__).parent
_SIZES = {"t": "tiny", "s": "small", "bplus": "base-plus", "l": "large"}

ALL = sorted(path.stem for path in HERE.glob("*.npz"))
VIDEOS = [stem for stem in ALL if stem != "sam2.1_t_1024"]


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
        # The first weights that were bundled, which the reference was run with.
        trained = load_weights(HERE / "nano_256.safetensors")
        # The reference always refines; these weights have not learned to.
        trained.config = replace(trained.config, refines_masks=True)
        return trained
    version, size, pixels = stem.removesuffix("_absent").split("_")
    config = VARIANTS[f"{version}-{_SIZES[size]}"].at_size(int(pixels))
    return build_model(config, _weights(stem), name=stem)


def _weights(stem: str) -> dict[str, torch.Tensor]:
    """Make the weights behind one file; drawing them leaves other threads free."""
    wanted = shapes(stem)
    draw = partial(seeded_array, absent=stem.endswith("_absent"))
    with ThreadPoolExecutor() as pool:
        arrays = pool.map(draw, wanted, map(tuple, wanted.values()))
        return dict(zip(wanted, map(torch.from_numpy, arrays), strict=True))
