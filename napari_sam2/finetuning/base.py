"""The model that is adapted, whatever it was called by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.weights import (
    BUNDLED_NAME,
    CHECKPOINTS,
    bundled_path,
    cached_path,
    find_base,
    is_exported,
    read_card,
    resolve_weights,
)

if TYPE_CHECKING:
    from pathlib import Path


def base_name(name_or_path: str) -> str:
    """Return the model that is adapted when this one is named.

    For an adapter it is its base, which learns again: what was learnt before is in the
    masks. Files that are no known model go by their absolute path.

    Raises
    ------
    ModelError, CheckpointError
        If there is no such model, or it is damaged, or it cannot learn.
    """
    path = resolve_weights(name_or_path)
    if is_exported(path):
        raise ModelError(
            f"{path.parent} holds ONNX graphs, which cannot learn: give the weights "
            "that they were made of."
        )
    card = read_card(path)
    return _name_of(path if card is None else find_base(card, path))


def _name_of(path: Path) -> str:
    if path == bundled_path():
        return BUNDLED_NAME
    known = (one.name for one in CHECKPOINTS if cached_path(one) == path)
    return next(known, str(path.absolute()))
