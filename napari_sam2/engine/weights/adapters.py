"""Adapters on this machine: their cards, their bases, and where they are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from safetensors import SafetensorError, safe_open

from napari_sam2.core.adapter_card import (
    ADAPTER_SUFFIX,
    card_from_metadata,
    is_adapter,
)
from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.engine.weights.cache import resolve_weights
from napari_sam2.engine.weights.identity import weights_sha256

if TYPE_CHECKING:
    from napari_sam2.core.adapter_card import AdapterCard, BaseWeights

ADAPTERS_VARIABLE = "NAPARI_SAM2_ADAPTERS"


def adapters_folder() -> Path:
    """Return the folder of the user's adapters, which need not exist yet.

    It lies in the user's folder for data of programs, or is what the environment
    variable ``NAPARI_SAM2_ADAPTERS`` names.
    """
    chosen = os.environ.get(ADAPTERS_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("napari-sam2", appauthor=False) / "adapters"


def known_adapters() -> list[Path]:
    """Return the adapters in that folder, by name."""
    return sorted(adapters_folder().glob(f"*{ADAPTER_SUFFIX}"))


def read_card(path: Path) -> AdapterCard | None:
    """Return what an adapter says about itself; None for any other file.

    Raises
    ------
    CheckpointError
        If it is an adapter, but damaged.
    """
    if path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        if path.name.endswith(ADAPTER_SUFFIX) and path.is_file():
            raise CheckpointError(
                f"The adapter {path.name} is damaged ({error}). Get it again, or tune "
                "again."
            ) from error
        return None  # said better where weights are read
    return card_from_metadata(metadata, path.name) if is_adapter(metadata) else None


def find_base(card: AdapterCard, adapter: Path) -> Path:
    """Return the weights that an adapter changes.

    A base that was a file is looked for where it was, and beside the adapter.

    Raises
    ------
    ModelError
        If it is not on this machine.
    CheckpointError
        If it is damaged, or another file of the same name.
    """
    name = _as_it_is_now(card, adapter)
    try:
        base = resolve_weights(name)
        found = weights_sha256(name)
    except CheckpointError:
        raise
    except ModelError as error:
        raise ModelError(
            f"The adapter {adapter.name} changes the model {card.base.name}, which is "
            f"needed as well. {error}"
        ) from error
    if found != card.base.sha256:
        raise CheckpointError(
            f"The adapter {adapter.name} was made for other weights called "
            f"{card.base.name} (SHA-256 {card.base.sha256[:12]}…) than those here "
            f"({found[:12]}…). Use the version that it was made with, or tune again."
        )
    return base


def _as_it_is_now(card: AdapterCard, adapter: Path) -> str:
    """Return the base's name, or where its file lies now."""
    path = Path(card.base.name)
    beside = adapter.parent / path.name
    is_moved = path.is_absolute() and not path.is_file() and beside.is_file()
    return str(beside) if is_moved else card.base.name


def base_of(name_or_path: str) -> BaseWeights | None:
    """Return what an adapter changes; None where the name means no adapter.

    Raises
    ------
    ModelError, CheckpointError
        If there are no such weights, or they are damaged.
    """
    card = read_card(resolve_weights(name_or_path))
    return None if card is None else card.base
