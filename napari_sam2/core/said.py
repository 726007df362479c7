"""What the user said, in words for files of results: the prompts of a provenance."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_sam2.core.masks.packed import PackedMask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_sam2.core.prompts import FramePrompts

Described: TypeAlias = "tuple[Mapping[str, Any], ...]"
"""What was said, by object and frame, ready for JSON."""

_MOST_PAINTINGS = 1000
"""More of them are counted: labels that were imported would make files of megabytes."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about an object on a frame.

    Attributes
    ----------
    object_id, frame : int
    told : FramePrompts or PackedMask
        Points and a box, or what was painted.
    at : mapping of str to int
        The position, by name of the axis, where there are several.
    """

    object_id: int
    frame: int
    told: FramePrompts | PackedMask
    at: Mapping[str, int] = field(default_factory=dict)

    @property
    def painted(self) -> PackedMask | None:
        """What was painted, if it was."""
        if isinstance(self.told, PackedMask):
            return self.told
        return self.told.packed


def describe_said(said: Iterable[Said]) -> Described:
    """Return what was said, one mapping each, in the same order.

    Of paintings the number of pixels is said, and a checksum that tells them apart. Of
    more than a thousand, one mapping at the end says how many there are, and a checksum
    of theirs.

    Parameters
    ----------
    said : iterable of Said
    """
    drawn: list[tuple[Said, PackedMask | None]] = [(one, one.painted) for one in said]
    painted = [mask for _, mask in drawn if mask is not None]
    if len(painted) <= _MOST_PAINTINGS:
        return tuple(_described(one, mask) for one, mask in drawn)
    outlined = (_described(one, None) for one, mask in drawn if mask is None)
    together = sha256(b"".join(mask.digest for mask in painted))
    count = {"paintings": len(painted), "paintings_sha256": together.hexdigest()}
    return (*outlined, count)


def _described(one: Said, painted: PackedMask | None) -> Mapping[str, Any]:
    place = {"object": one.object_id, "frame": one.frame}
    at = {"at": dict(one.at)} if one.at else {}
    return {**place, **_outlines(one.told), **_painting(painted), **at}


def _outlines(told: FramePrompts | PackedMask) -> Mapping[str, Any]:
    described: dict[str, Any] = {}
    if isinstance(told, PackedMask):
        return described
    if told.points_yx:
        described["points"] = [[float(c) for c in yx] for yx in told.points_yx]
        described["labels"] = [int(positive) for positive in told.positive]
    if told.box_yxyx is not None:
        described["box"] = [float(c) for c in told.box_yxyx]
    return described


def _painting(mask: PackedMask | None) -> Mapping[str, Any]:
    if mask is None:
        return {}
    return {"painted_pixels": mask.area, "painted_digest": mask.digest.hex()}
