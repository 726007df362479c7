"""What a recovery file has not been told yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.project.values import Project
    from napari_sam2.state.edit import TrackedObject
    from napari_sam2.state.masks import FrameMask, Place


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different since the last time, as values that cross to the lane.

    Attributes
    ----------
    project : Project
        All but objects, prompts, masks and steps.
    objects : mapping of int to TrackedObject
        All of them: they are few.
    prompts : mapping of (object_id, frame) to FramePrompts or None
    frames : frozenset of int
        Frames whose masks are replaced.
    masks : dict of int to mapping of int to FrameMask
        All masks on these frames, by frame and object.
    steps : tuple of (int, RecipeStep)
        New steps, and those that have gone on, by number.
    left : tuple of (UnfinishedRun or None)
        The run that was stopped, or none any more; empty where that is as it was, as a
        run may take many megabytes.
    """

    project: Project
    objects: dict[int, TrackedObject]
    prompts: dict[Place, FramePrompts | None]
    frames: frozenset[int]
    masks: dict[int, Mapping[int, FrameMask]]
    steps: tuple[tuple[int, RecipeStep], ...]
    left: tuple[UnfinishedRun | None, ...] = ()
