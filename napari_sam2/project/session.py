"""A session at work to a project, and back. Pure functions."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.provenance import now_utc, software_versions
from napari_sam2.core.quality import EXACT
from napari_sam2.project.values import (
    Contents,
    ModelReference,
    Project,
    SavedWith,
    StackGeometry,
    View,
)

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.layout import FrameLayout
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.project.values import Choices, ImageReference, Placing
    from napari_sam2.state.document import Document
    from napari_sam2.state.settings import Settings


def project_of(
    document: Document,
    header: Project,
    steps: tuple[RecipeStep, ...] = (),
    left: UnfinishedRun | None = None,
) -> Project:
    """Take everything down, as it is now; later changes do not reach the value.

    Parameters
    ----------
    document : Document
    header : Project
        From :func:`project_header`.
    steps : tuple of RecipeStep, optional
        What the tracker was told, as ``controller.recorder.steps``.
    left : UnfinishedRun, optional
        The run that was stopped, as ``controller.recorder.left``.
    """
    contents = Contents(
        dict(document.objects),
        dict(document.prompts),
        document.masks.copy(),
        steps,
        left,
    )
    return replace(header, contents=contents)


def project_header(
    settings: Settings,
    *,
    image: ImageReference,
    stack: StackGeometry,
    model: ModelReference | None = None,
    created: str = "",
    view: View | None = None,
    beside: tuple[ImageReference, ...] = (),
) -> Project:
    """Return a project without objects, prompts and masks, saved now.

    Parameters
    ----------
    settings : Settings
    image : ImageReference
        From :func:`napari_sam2.project.image.refer_to_image`.
    stack : StackGeometry
        From :func:`stack_geometry`.
    model : ModelReference, optional
        Which weights were used; the name in the settings by default.
    created : str, optional
        When the project was made first; now by default.
    view : View, optional
        Where the user is.
    beside : tuple of ImageReference, optional
        Images that were seen beside it.
    """
    now = now_utc()
    return Project(
        image=image,
        stack=stack,
        choices=choices_of(settings),
        model=model or ModelReference(settings.model),
        saved=SavedWith(software_versions(), created or now, now),
        view=view or View(),
        beside=beside,
    )


def stack_geometry(
    axes: Axes,
    layout: FrameLayout,
    *,
    is_colour: bool = False,
    channels: tuple[int, ...] | None = None,
    limits: IntensityLimits | None = None,
    level: int = 0,
    placing: Placing | None = None,
    beside: tuple[str, ...] = (),
) -> StackGeometry:
    """Describe a stack by its axes, without colours, and the choice among them.

    A placing at no place of the world is left out, as no image can be put there again.
    """
    rows, columns = layout.plane
    count = layout.numbers([axis.size for axis in axes]).count
    shape_hw = axes[rows].size, axes[columns].size
    return StackGeometry(
        axes,
        layout,
        count,
        shape_hw,
        is_colour,
        channels,
        limits,
        level,
        placing if placing is not None and placing.is_sound else None,
        beside,
    )


def fill_document(document: Document, contents: Contents) -> None:
    """Put what a project keeps into an empty document of the same size.

    Raises
    ------
    ProjectError
        If it does not fit.
    """
    masks = contents.masks
    frames = {*masks.frames, *(frame for _, frame in contents.prompts)}
    # Masks of one frame have its size, as they are read and made for it.
    samples = (next(iter(masks.on_frame(frame).values())) for frame in masks.frames)
    fits = all(one.mask.shape_hw == document.shape_hw for one in samples)
    if not fits or max(frames, default=0) >= document.frame_count:
        height, width = document.shape_hw
        raise ProjectError(
            f"The project does not fit the image, which has {document.frame_count} "
            f"frames of {height} × {width} pixels."
        )
    document.begin_with(contents.objects, contents.prompts, masks)


def choices_of(settings: Settings) -> Choices:
    """Return the settings as a value."""
    return {one.name: getattr(settings, one.name) for one in fields(settings)}


def apply_choices(settings: Settings, choices: Choices) -> None:
    """Set the settings; those that differ tell who listens.

    A project that says nothing of a quality was made when there was but one.
    """
    choices = {"quality": EXACT.name, **choices}
    for one in fields(settings):
        wanted = choices.get(one.name, getattr(settings, one.name))
        if getattr(settings, one.name) != wanted:
            setattr(settings, one.name, wanted)
