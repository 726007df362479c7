"""Which model a file of weights is: said beside it, or told by its tensors."""

from __future__ import annotations

import logging
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.json_text import parse_json
from napari_sam2.model.config import VARIANTS, Sam2Config, config_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_log = logging.getLogger(__name__)

_PATCH = "image_encoder.trunk.patch_embed.proj.weight"
_BLOCK = re.compile(r"image_encoder\.trunk\.blocks\.(\d+)\.norm1\.weight")


def config_of(
    path: Path, state: Mapping[str, Tensor], image_size: int | None = None
) -> Sam2Config:
    """Return the shape of a model from what lies beside its file, or its tensors.

    Parameters
    ----------
    path : Path
        Its description has the same name, and ends in ``.json``. Where the tensors are
        those of a released model, that may be something else, such as a log.
    state : mapping of str to Tensor
        Of which only shapes are looked at.
    image_size : int, optional
        By default what the description says, else the released models' own.

    Raises
    ------
    CheckpointError
        If neither says it, or the image size is none.
    """
    config = _described(path, state) or infer_config(state)
    return config if image_size is None else at_size(config, image_size)


def at_size(config: Sam2Config, image_size: int) -> Sam2Config:
    """Return the description of a model that sees images of another size.

    Raises
    ------
    CheckpointError
        If the image size is none.
    """
    try:
        return config.at_size(image_size)
    except ValueError as error:
        raise CheckpointError(f"This model cannot be used: {error}.") from error


def _described(path: Path, state: Mapping[str, Tensor]) -> Sam2Config | None:
    description = path.with_suffix(".json")
    if not description.is_file():
        return None
    values = _read(description)
    if isinstance(values, dict) and _describes(values):
        return config_from_json(values)
    try:
        infer_config(state)
    except CheckpointError as error:
        raise CheckpointError(
            f"{description.name} is no model description. {error}"
        ) from error
    _log.info("%s is no model description, and not used", description)
    return None


def _describes(values: dict[str, Any]) -> bool:
    """Whether these are sizes of a model, some of which may be of a newer version."""
    known = {field.name for field in fields(Sam2Config)}
    return not values.keys().isdisjoint(("stages", "embed_dim")) or (
        bool(values) and values.keys() <= known
    )


def _read(description: Path) -> Any:
    try:
        return parse_json(description.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"The model description {description.name} cannot be read: {error}. If it "
            "is something else, give it another name."
        ) from error


def infer_config(state: Mapping[str, Tensor]) -> Sam2Config:
    """Recognise a released variant by the names and shapes of its tensors.

    Raises
    ------
    CheckpointError
        If the tensors are not those of SAM 2 or SAM 2.1.
    """
    blocks = sum(1 for name in state if _BLOCK.fullmatch(name))
    if _PATCH not in state or not blocks or "obj_ptr_proj.layers.0.weight" not in state:
        raise CheckpointError(
            "These are not the weights of a SAM 2 model: "
            f"{_unlike(state)}. SAM 1, SAM 3 and other networks cannot be used."
        )
    version = "2.1" if "no_obj_embed_spatial" in state else "2.0"
    width = state[_PATCH].shape[0]
    for config in VARIANTS.values():
        if (config.version, config.embed_dim, sum(config.stages)) == (
            version,
            width,
            blocks,
        ):
            return config
    raise CheckpointError(
        f"A SAM {version} model with {blocks} blocks of width {width} is none of the "
        "released sizes; put its description beside it, as a .json file of the same "
        "name."
    )


def _unlike(state: Mapping[str, Tensor]) -> str:
    return "the first tensor is called " + repr(next(iter(state), "nothing"))
