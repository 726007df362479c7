"""Weights on this machine: which exist, where they are, how they get here.

Nothing here looks inside a file of weights, but for the card in an adapter's header;
that is the business of :mod:`napari_sam2.model.checkpoint`. Torch is not imported.
"""

from napari_sam2.engine.weights.adapters import (
    ADAPTERS_VARIABLE,
    adapters_folder,
    base_of,
    find_base,
    known_adapters,
    read_card,
)
from napari_sam2.engine.weights.bundled import (
    BUNDLED_NAME,
    BUNDLED_PURPOSE,
    bundled_path,
    is_bundled,
    verify_bundled,
)
from napari_sam2.engine.weights.cache import (
    CACHE_VARIABLE,
    cache_folder,
    cached_path,
    presence,
    resolve_weights,
    verify,
)
from napari_sam2.engine.weights.download import (
    MIRROR_VARIABLE,
    download,
    source_url,
)
from napari_sam2.engine.weights.exported import MANIFEST, exported_folder, is_exported
from napari_sam2.engine.weights.identity import weights_sha256
from napari_sam2.engine.weights.integrity import Condition, read_receipt
from napari_sam2.engine.weights.messages import human_size
from napari_sam2.engine.weights.registry import (
    CHECKPOINTS,
    Checkpoint,
    find_checkpoint,
)
from napari_sam2.engine.weights.retry import Patience

__all__ = [
    "ADAPTERS_VARIABLE",
    "BUNDLED_NAME",
    "BUNDLED_PURPOSE",
    "CACHE_VARIABLE",
    "CHECKPOINTS",
    "MANIFEST",
    "MIRROR_VARIABLE",
    "Checkpoint",
    "Condition",
    "Patience",
    "adapters_folder",
    "base_of",
    "bundled_path",
    "cache_folder",
    "cached_path",
    "download",
    "exported_folder",
    "find_base",
    "find_checkpoint",
    "human_size",
    "is_bundled",
    "is_exported",
    "known_adapters",
    "presence",
    "read_card",
    "read_receipt",
    "resolve_weights",
    "source_url",
    "verify",
    "verify_bundled",
    "weights_sha256",
]
