"""Which frames are learnt from, and which are held out. Pure numbers."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_FRAMES = 3
"""Frames that show objects, of a stack that is to be measured on as well."""

_SHARE = 0.2
_MOST_HELD_OUT = 16  # frames that show objects
_LONGEST_BLOCK = 16  # frames with masks, those that show nothing included
_ONE_BLOCK = 6  # held-out frames up to which they lie together
_APART = 8  # frames that show objects from which on neighbours are left out


@dataclass(frozen=True, slots=True)
class Split:
    """Frames with masks, parted.

    Attributes
    ----------
    training : tuple of int
        Frames to learn from, in order.
    held_out : tuple of tuple of int
        Blocks of frames to measure on, which begin and end where objects are shown; in
        each, neighbours among those with masks.
    is_snug : bool
        Whether held-out frames lie beside frames that are learnt from, as there are
        too few to leave some out: the measure is then flattering.
    """

    training: tuple[int, ...]
    held_out: tuple[tuple[int, ...], ...] = ()
    is_snug: bool = False

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Runs of frames of the stack, (first, last), that no held-out frame cuts."""
        if not self.training:
            return []
        cuts = [(block[0], block[-1]) for block in self.held_out]
        edges = [-1, *(edge for cut in cuts for edge in cut), self.training[-1] + 1]
        return [
            (low + 1, high - 1)
            for low, high in list(pairwise(edges))[::2]
            if high - low > 1
        ]


def split_frames(
    known: Sequence[int], shown: Sequence[int], most: int = _MOST_HELD_OUT
) -> Split:
    """Hold a fifth of the frames that show objects out, in one block or two.

    Fewer are, where frames that show nothing lie between them by the dozen.

    Parameters
    ----------
    known : sequence of int
        Frames with masks, in order, those that say that no object is there included.
    shown : sequence of int
        Those of them that show an object.
    most : int, optional
        Of these to hold out, up to 16.

    Returns
    -------
    Split
        Nothing is held out where fewer than three frames show an object.
    """
    count, most = len(shown), min(most, _MOST_HELD_OUT)
    if count < FEWEST_FRAMES or most < 1:
        return Split(tuple(known))
    held = min(max(1, round(_SHARE * count)), most)
    blocks = tuple(_filled(block, known) for block in _blocks(shown, held))
    out = {frame for block in blocks for frame in block}
    near = {frame + step for frame in out for step in (-1, 1)} - out
    training = [frame for frame in known if frame not in out]
    if count >= _APART:
        training = [frame for frame in training if frame not in near]
    is_snug = any(frame in near for frame in training)
    return Split(tuple(training), blocks, is_snug)


def _blocks(shown: Sequence[int], held: int) -> tuple[tuple[int, ...], ...]:
    """Take neighbours out of the middle, or out of the middles of both halves."""
    parts = 1 if held <= _ONE_BLOCK else 2
    blocks = []
    for part in range(parts):
        size = held // parts + (part < held % parts)
        middle = (2 * part + 1) * len(shown) // (2 * parts)
        start = max(0, middle - size // 2)
        blocks.append(tuple(shown[start : start + size]))
    return tuple(blocks)


def _filled(block: Sequence[int], known: Sequence[int]) -> tuple[int, ...]:
    """Add what lies between, and end early where that is too much."""
    start = bisect_left(known, block[0])
    here = known[start : start + _LONGEST_BLOCK]
    last = max(frame for frame in block if frame <= here[-1])
    return tuple(frame for frame in here if frame <= last)
