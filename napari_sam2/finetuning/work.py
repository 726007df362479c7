"""What a user vouches for in a session at work, or in a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.frames.brightening import brighten
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.recipe import Made
from napari_sam2.finetuning.truth import TruthStack, habits_of, truth_of
from napari_sam2.project.seen import frames_at_step
from napari_sam2.project.whole_image import all_frames
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.project.values import Project
    from napari_sam2.state.masks import FrameMask, Place


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFrames:
    """The frames of one position, of those of all: a ``FrameSource``.

    Attributes
    ----------
    whole : FrameSource
        One position after the other.
    numbers : range
        The numbers of this one's frames.
    """

    whole: FrameSource
    numbers: range

    def __len__(self) -> int:
        """Count the frames."""
        return len(self.numbers)

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame."""
        return self.whole[self.numbers[frame]]

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self.whole.shape_hw

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.whole.dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures."""
        return self.whole.is_rgb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """A session as a value that may cross threads.

    Attributes
    ----------
    name : str
        Of the image.
    frames : FrameSource
        As the model sees them, one position after the other, but for bleaching.
    series_length : int
        Frames at each position.
    limits : IntensityLimits or None
        What the model sees as black and white; None for an estimate.
    masks : mapping of (object_id, frame) to FrameMask
    prompts : mapping of (object_id, frame) to FramePrompts
    corrects_bleaching : bool
        Whether the model sees frames that fade as bright as the first.
    """

    name: str
    frames: FrameSource
    series_length: int
    limits: IntensityLimits | None
    masks: Mapping[Place, FrameMask]
    prompts: Mapping[Place, FramePrompts]
    corrects_bleaching: bool = False


def truth_of_work(work: Work) -> list[TruthStack]:
    """Return what a user vouches for, one stack for each position that has any.

    Raises
    ------
    FrameError
        If no frame can be read for an estimate of the intensities.
    """
    painted = sum(one.origin is Origin.PAINTED for one in work.masks.values())
    whole = brighten(work.frames) if work.corrects_bleaching else work.frames
    limits = work.limits or estimate_limits(whole)
    habits = habits_of(work.prompts.values(), painted)
    known, length = truth_of(work.masks), work.series_length
    stacks = []
    for first in range(0, len(whole), length):
        numbers = range(first, first + length)
        masks = {f - first: known[f] for f in numbers if f in known}
        frames = SeriesFrames(whole, numbers) if length < len(whole) else whole
        stacks.append(TruthStack(work.name, frames, limits, masks, habits=habits))
    return [one for one in stacks if one.masks] or stacks[:1]


def work_of_project(project: Project, frames: StackFrames, path: Path) -> Work:
    """Return the work that a project keeps, on frames as the model saw them last.

    Parameters
    ----------
    project : Project
    frames : StackFrames
        Its image, from :func:`napari_sam2.project.open_image`.
    path : Path
        Of the project.

    Raises
    ------
    StackError, ProjectError
        If an image that was seen beside it is lost.
    """
    contents, stack = project.contents, project.stack
    made = [one for one in contents.steps if isinstance(one, Made)]
    if made:
        seen = frames_at_step(made[-1], frames, project, path)
    else:
        seen = all_frames(frames, stack)
    return Work(
        name=project.image.name,
        frames=seen,
        series_length=stack.numbers.length,
        limits=made[-1].limits if made else stack.limits,
        masks=contents.masks,
        prompts=contents.prompts,
        corrects_bleaching=bool(made) and made[-1].corrects_bleaching,
    )
