"""What an adapter says about itself: which model it changes, learnt from what.

An adapter is a small file of changes to the weights of a model, its base. The card
lies in the file's header, so that it is read without the weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.json_text import parse_json

EncoderTuning: TypeAlias = Literal["frozen", "low-rank"]
"""Whether the image encoder stayed as it is, or learnt changes of low rank."""

ADAPTER_SUFFIX = ".adapter.safetensors"
"""Ending of adapters' names; what they are is told by their header."""

_KEY = "napari_sam2_adapter"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class BaseWeights:
    """The model that an adapter changes.

    Attributes
    ----------
    name : str
        Name or path.
    sha256 : str
        Of its file of weights, hexadecimal.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LearntStack:
    """Masks that an adapter learnt from.

    Attributes
    ----------
    name : str
        Of the image or project.
    frames : int
        Frames with masks that it learnt from.
    held_out : int
        Frames with masks that it was measured on.
    objects : int
        Objects on all these frames.
    """

    name: str
    frames: int
    held_out: int
    objects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterCard:
    """Where an adapter comes from.

    Attributes
    ----------
    base : BaseWeights
        What it changes; no other weights are accepted.
    image_size : int
        Side of the square, in pixels, that frames were squashed to.
    encoder : {"frozen", "low-rank"}
    lessons : tuple of LearntStack
        What it learnt from.
    before, after : float
        Mean J on held-out frames, of the base and with the adapter.
    steps, seed : int
        How long it learnt, and the seed of what was drawn by chance.
    created : str
        ISO 8601, in UTC.
    software : mapping of str to str
        Version by package.
    """

    base: BaseWeights
    image_size: int
    encoder: EncoderTuning
    lessons: tuple[LearntStack, ...]
    before: float
    after: float
    steps: int
    seed: int
    created: str
    software: Mapping[str, str] = field(default_factory=dict)

    def as_metadata(self) -> dict[str, str]:
        """Return the card as the header of a safetensors file keeps it."""
        content = {"version": _VERSION, **asdict(self)}
        return {_KEY: json.dumps(content, sort_keys=True)}


def describe_gain(card: AdapterCard) -> str:
    """Say what an adapter gained: "J 0.512 → 0.779 on held-out frames"."""
    return f"J {card.before:.3f} → {card.after:.3f} on held-out frames"


def is_adapter(metadata: Mapping[str, str]) -> bool:
    """Whether a header is that of an adapter."""
    return _KEY in metadata


def card_from_metadata(metadata: Mapping[str, str], name: str) -> AdapterCard:
    """Read the card in an adapter's header.

    Parameters
    ----------
    metadata : mapping of str to str
    name : str
        Of the file, for messages.

    Raises
    ------
    CheckpointError
        If it is damaged, or was made by a newer version.
    """
    try:
        content = parse_json(metadata[_KEY].encode())
        version = content.pop("version")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(name, "its card cannot be read") from error
    if version != _VERSION:
        raise CheckpointError(
            f"The adapter {name} was made by another version of napari-sam2 (format "
            f"{version}; this one knows {_VERSION}): use that version, or tune again."
        )
    try:
        lessons = tuple(_lesson(one) for one in content.pop("lessons"))
        base = BaseWeights(**content.pop("base"))
        card = AdapterCard(base=base, lessons=lessons, **content)
    except (KeyError, TypeError) as error:
        raise _damaged(name, "its card is not complete") from error
    _check(card, name)
    return card


def _lesson(content: Any) -> LearntStack:
    lesson = LearntStack(**content)
    counts = (lesson.frames, lesson.held_out, lesson.objects)
    if type(lesson.name) is not str or any(type(one) is not int for one in counts):
        raise TypeError
    return lesson


def _check(card: AdapterCard, name: str) -> None:
    """Check the types: what is in a file may be anything."""
    plain: dict[str, type | tuple[type, ...]] = {
        "str": str,
        "int": int,
        "float": (int, float),
    }
    for part in (card, card.base):
        for one in fields(part):
            value, kind = getattr(part, one.name), plain.get(str(one.type), object)
            if isinstance(value, bool) or not isinstance(value, kind):
                raise _damaged(name, f"{one.name} cannot be {value!r}")
    if card.encoder not in get_args(EncoderTuning):
        raise _damaged(name, f"encoder cannot be {card.encoder!r}")
    if not isinstance(card.software, Mapping):
        raise _damaged(name, "software is no mapping")
    if not (math.isfinite(card.before) and math.isfinite(card.after)):
        raise _damaged(name, "what was measured is no number")


def _damaged(name: str, why: str) -> CheckpointError:
    return CheckpointError(
        f"The adapter {name} is damaged: {why}. Get it again, or tune again."
    )
