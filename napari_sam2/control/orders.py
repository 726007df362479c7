"""What a run is to do, and how far it is: values that cross to the lane and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.recipe import OtherAxis
    from napari_sam2.core.seed_mode import SeedMode
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.state.settings import Direction


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What a run is to do.

    Attributes
    ----------
    objects : tuple of int
    direction : str
    frames : range or None
        None for the whole stack. With ``seed``, those at every position, counted from
        the first one there.
    resumes : RunStep or None
        How far the run had come that this one goes on with.
    seed : str or None
        How objects come to positions where they are not prompted; None for a run at
        positions where they are.
    across : tuple of OtherAxis
        Axes to follow the objects along besides, and to fuse.
    """

    objects: tuple[int, ...]
    direction: Direction
    frames: range | None
    resumes: RunStep | None = None
    seed: SeedMode | None = None
    across: tuple[OtherAxis, ...] = ()


@dataclass(frozen=True, slots=True)
class RunStep:
    """How far a run is, and what it found last.

    Attributes
    ----------
    done, steps : int
        Frames computed and frames in all; going both ways, or along several axes, some
        count more than once.
    found : tuple of PackedResult
        The objects of the frame just computed; empty before the first.
    where : str
        "at t = 3 of 12", "along y"; empty where there is but one way.
    left : UnfinishedRun or None
        From time to time, what it would need to go on from here in another session.
    """

    done: int
    steps: int
    found: tuple[PackedResult, ...] = ()
    where: str = ""
    left: UnfinishedRun | None = None
