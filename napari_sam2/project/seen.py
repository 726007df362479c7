"""What the model saw of a project's image at a step: level, channels, other images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.frames.layout import without_channel
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.side_by_side import SideBySide
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.project.image import open_image
from napari_sam2.project.image_paths import locate_companion
from napari_sam2.project.whole_image import all_frames

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.recipe import Made
    from napari_sam2.io.reading.stack_frames import StackFrames
    from napari_sam2.project.values import ImageReference, Project, StackGeometry


def frames_at_step(
    made: Made, frames: StackFrames, project: Project, project_path: Path
) -> FrameSource:
    """Return the frames as the model saw them at a step.

    Parameters
    ----------
    made : Made
        The step.
    frames : StackFrames
        As they are seen now, from :func:`napari_sam2.project.image.open_image`.
    project : Project
    project_path : Path

    Raises
    ------
    StackError, ProjectError
        If an image beside it is lost, or a file is no longer as it was.
    """
    if made.level != project.stack.level:
        stack = replace(project.stack, level=made.level)
        frames = open_image(replace(project, stack=stack), frames.stack.path)
    if made.channels is not None:
        frames = replace(frames, channels=made.channels)
    if not made.beside:
        return all_frames(frames, project.stack)
    known = {one.key: one for one in project.beside}
    further = [
        _open_companion(key, known.get(key), made.level, project, project_path)
        for key in made.beside
    ]
    parts = [(one, project.stack) for one in _single_channels(frames)]
    parts += [(one, _without_channel(project.stack)) for one in further]
    return _side_by_side(parts)


def _side_by_side(parts: list[tuple[StackFrames, StackGeometry]]) -> FrameSource:
    """Join stacks at every position that they have."""
    whole = [all_frames(*one) for one in parts]
    if not isinstance(whole[0], AllFrames):
        return SideBySide(tuple(whole))
    openers = [one.open_frames for one in whole if isinstance(one, AllFrames)]
    return AllFrames(
        whole[0].positions,
        lambda position: SideBySide(tuple(at(position) for at in openers)),
    )


def _single_channels(frames: StackFrames) -> list[StackFrames]:
    if frames.layout.channel is None:
        return [frames]
    return [replace(frames, channels=(one,)) for one in frames.picked]


def _open_companion(
    key: str,
    image: ImageReference | None,
    level: int,
    project: Project,
    project_path: Path,
) -> StackFrames:
    """Open an image that was a channel of the project's, at its own coarsest level."""
    path = None if image is None else locate_companion(image, project_path)
    if image is None or path is None:
        raise ProjectError(
            f"The image {key}, whose pixels were a channel of the project's, is no "
            "longer there: bring it back, and do it again."
        )
    whole = open_stack(path, image.series, dataset=image.dataset)
    levels = max(1, len(whole.levels))
    whole.close()
    geometry = replace(_without_channel(project.stack), level=min(level, levels - 1))
    return open_image(replace(project, image=image, stack=geometry), path)


def _without_channel(stack: StackGeometry) -> StackGeometry:
    channel = stack.layout.channel
    return replace(
        stack,
        axes=tuple(one for i, one in enumerate(stack.axes) if i != channel),
        layout=without_channel(stack.layout),
        is_colour=False,
        channels=None,
    )
