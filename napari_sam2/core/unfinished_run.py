"""A run that was stopped, with all that it needs to go on in another session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.core.recipe import Followed, Made


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run through one stack that has not come to its end.

    Attributes
    ----------
    run : Followed
        What was to be done.
    done, steps : int
        Frames that were computed, and frames in all; going both ways, some count twice.
    reached : tuple of (object_id, first, stop)
        The frames on which objects were computed, in as few ranges as there are.
    made : Made
        What tracked.
    objects : tuple of int
        All objects that the tracker knew, which may be more than it followed.
    said : str
        A digest of what it had been told about them.
    seen : str
        A digest of the pixels that it saw.
    state : bytes
        What it remembers, as the tracker itself puts it.
    """

    run: Followed
    done: int
    steps: int
    reached: tuple[tuple[int, int, int], ...]
    made: Made
    objects: tuple[int, ...]
    said: str
    seen: str
    state: bytes
