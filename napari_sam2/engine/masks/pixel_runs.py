"""Masks as runs of pixels, of which there are far fewer, and what hangs together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.intp]

SIDES, CORNERS = range(2)
"""What runs of neighbouring rows must share at least to touch each other."""


class Runs(NamedTuple):
    """Pixels side by side in a frame with a margin, in reading order.

    Attributes
    ----------
    starts, ends : ndarray of int, shape (N,)
        The first pixel of each run, and the one after its last, counted row by row.
    shape_hw : tuple of int
        Height and width of the frame with its margin.
    """

    starts: Numbers
    ends: Numbers
    shape_hw: tuple[int, int]

    @property
    def lengths(self) -> Numbers:
        """Pixels of each run, (N,)."""
        return self.ends - self.starts

    def only(self, wanted: npt.NDArray[np.bool_]) -> Runs:
        """Return some of the runs; ``wanted`` says of each whether it is one, (N,)."""
        starts, ends = self.starts.compress(wanted), self.ends.compress(wanted)
        return self._replace(starts=starts, ends=ends)

    def gaps(self) -> Runs:
        """Return what lies before, between and after the runs.

        The first gap, and all that go on in another row, are outside of the mask.
        """
        starts = np.append(0, self.ends)
        ends = np.append(self.starts, math.prod(self.shape_hw))
        return self._replace(starts=starts, ends=ends)

    def pixels(self) -> Numbers:
        """Return all pixels of the runs, as they are counted."""
        return _stretches(self.starts, self.lengths)


class Parts(NamedTuple):
    """Which runs hang together.

    Attributes
    ----------
    firsts : ndarray of int, shape (N,)
        Of each run, the first one of the part that it belongs to.
    contacts : ndarray of int, shape (N,)
        How many runs of the row above each of them touches.
    """

    firsts: Numbers
    contacts: Numbers

    @property
    def hole_count(self) -> int:
        """How many holes there are in parts that hang together by their corners.

        To hang together, a part needs one contact less than it has runs; every further
        one closes a ring.
        """
        count = int(np.count_nonzero(np.bincount(self.firsts)))
        return count - len(self.firsts) + int(self.contacts.sum())

    def only(self, wanted: npt.NDArray[np.bool_]) -> Parts:
        """Return whole parts; ``wanted`` says of each run whether it is one's, (N,)."""
        return Parts(self.firsts.compress(wanted), self.contacts.compress(wanted))


def framed(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a copy of a mask, (H, W), with the margin that :func:`runs_of` needs.

    An empty row above and one below it, and an empty column at its right: so no run
    goes on in the next row, and all that is outside of the mask hangs together.
    """
    height, width = mask.shape
    copy = np.zeros((height + 2, width + 1), bool)
    copy[1:-1, :-1] = mask
    return copy


def runs_of(mask: npt.NDArray[np.bool_]) -> Runs:
    """Return the runs of a mask that is :func:`framed`."""
    flat = mask.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts, ends = np.ascontiguousarray(changes.reshape(-1, 2).T)
    return Runs(starts, ends, (mask.shape[0], mask.shape[1]))


def parts_of(runs: Runs, touch: int) -> Parts:
    """Say which runs hang together by their ``SIDES``, or by their ``CORNERS``, too."""
    stride = runs.shape_hw[1]
    begin = np.searchsorted(runs.ends, runs.starts - stride - touch, "right")
    end = np.searchsorted(runs.starts, runs.ends - stride + touch, "left")
    contacts = np.maximum(end - begin, 0)
    firsts = np.where(contacts, begin, np.arange(len(begin)))
    others = np.maximum(contacts - 1, 0)  # which a run joins to the first one above it
    one = np.repeat(begin, others)
    firsts = _joined(_settled(firsts), one, _stretches(begin + 1, others))
    return Parts(firsts, contacts)


def _stretches(starts: Numbers, lengths: Numbers) -> Numbers:
    """Return so many numbers from each start on, one stretch after the other."""
    before = np.cumsum(lengths) - lengths
    spread = np.repeat(starts - before, lengths)
    return spread + np.arange(len(spread))


def _joined(firsts: Numbers, one: Numbers, other: Numbers) -> Numbers:
    """Join the parts of pairs of runs."""
    while len(one):
        a, b = firsts[one], firsts[other]
        apart = a != b
        one, other, a, b = one[apart], other[apart], a[apart], b[apart]
        # Of pairs that have a part in common one is joined; the next round sees to it.
        firsts[np.maximum(a, b)] = np.minimum(a, b)
        firsts = _settled(firsts)
    return firsts


def _settled(firsts: Numbers) -> Numbers:
    """Follow every run to a run that is the first one of its part."""
    while True:
        nearer = firsts[firsts]
        if (nearer == firsts).all():
            return firsts
        firsts = nearer
