"""What sessions at many positions know, and what is left of their run, as bytes.

The bytes may come from anywhere: nothing is believed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from napari_sam2.core.errors import CheckpointError, Sam2Error
from napari_sam2.engine.kept_runs.run_json import run_from, run_json
from napari_sam2.engine.runs.legs import Leg
from napari_sam2.engine.runs.runner import Paused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.frames.numbers import FrameNumbers, Position

_VERSION = 1
_LENGTH_BYTES = 8


class PackedPositions(NamedTuple):
    """What is known at each position, and what is left of a run.

    Attributes
    ----------
    left : sequence of Leg
        The first one may have been begun.
    is_begun : bool
        Whether it was.
    known : sequence of (tuple of int, bytes)
        Positions, and what their sessions know.
    """

    left: Sequence[Leg]
    is_begun: bool
    known: Sequence[tuple[Position, bytes]]

    def joined(self) -> bytes:
        """Return all of it in one piece."""
        said = {
            "version": _VERSION,
            "left": [
                {"position": leg.position, **run_json(Paused(leg.plan))}
                for leg in self.left
            ],
            "is_begun": self.is_begun,
            "known": [(position, len(data)) for position, data in self.known],
        }
        text = json.dumps(said).encode()
        length = len(text).to_bytes(_LENGTH_BYTES, "little")
        return b"".join([length, text, *(data for _, data in self.known)])


def part_positions(data: bytes, numbers: FrameNumbers) -> PackedPositions:
    """Return what was joined.

    Raises
    ------
    CheckpointError
        If it is not that, or of a stack with other positions.
    """
    try:
        return _parted(data, numbers)
    except (ArithmeticError, LookupError, Sam2Error, TypeError, ValueError) as error:
        raise CheckpointError(
            f"What is kept of a run that was stopped is damaged ({error}): begin anew."
        ) from error


def _parted(data: bytes, numbers: FrameNumbers) -> PackedPositions:
    start = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "little")
    said = json.loads(data[_LENGTH_BYTES:start])
    if said["version"] != _VERSION:
        raise ValueError("it is of another version of napari-sam2")
    left = [
        Leg(_position(one["position"], numbers), run_from(one, numbers.length).plan)
        for one in said["left"]
    ]
    if not left:
        raise ValueError("nothing is left to do")
    known = {}
    for position, size in said["known"]:
        known[_position(position, numbers)] = data[start : start + size]
        start += size
    if start != len(data) or not known.keys() >= {leg.position for leg in left}:
        raise ValueError("something is missing")
    return PackedPositions(left, bool(said["is_begun"]), list(known.items()))


def _position(content: list[int], numbers: FrameNumbers) -> Position:
    position = tuple(map(int, content))
    if numbers.join(position, 0) is None:
        raise ValueError("it is of another stack")
    return position
