"""The user's adapters among the models that can be chosen."""

from __future__ import annotations

from pathlib import Path

from napari_sam2.core.adapter_card import ADAPTER_SUFFIX, describe_gain
from napari_sam2.core.errors import Sam2Error
from napari_sam2.engine.weights import known_adapters, read_card


def adapter_choices() -> list[tuple[str, str]]:
    """Return (words, path) of the adapters that were made in a dock."""
    return [(f"{_stem(path)} (fine-tuned)", str(path)) for path in known_adapters()]


def describe_adapter(model: str) -> str | None:
    """Say what an adapter is good for; None for other models."""
    try:
        card = read_card(Path(model))
    except (Sam2Error, OSError) as error:
        return str(error)
    if card is None:
        return None
    names = ", ".join(dict.fromkeys(one.name for one in card.lessons))
    base = Path(card.base.name).name
    return f"{base}, fine-tuned on {names}: {describe_gain(card)}."


def _stem(path: Path) -> str:
    return path.name.removesuffix(ADAPTER_SUFFIX)
