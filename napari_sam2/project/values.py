"""What a project keeps, as one frozen value between the file and everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.adapter_card import BaseWeights  # noqa: TC001 (read as hints)
from napari_sam2.core.axes import Axis
from napari_sam2.core.frames.intensity import IntensityLimits  # noqa: TC001 (as above)
from napari_sam2.core.frames.layout import FrameLayout  # noqa: TC001 (as above)
from napari_sam2.state.mask_table import MaskTable

if TYPE_CHECKING:
    from napari_sam2.core.frames.numbers import FrameNumbers
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.state.edit import TrackedObject
    from napari_sam2.state.masks import Place

Choices: TypeAlias = Mapping[str, Any]
"""The fields of :class:`napari_sam2.state.settings.Settings` by name."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells an image from another one, cheap at any size.

    Attributes
    ----------
    shape : tuple of int
        (frames, rows, columns) as they are tracked.
    dtype : str
        Type of the pixels, such as ``"uint16"``.
    pixels : str
        SHA-256 of a few sampled frames, hexadecimal; empty while none was read.
    size : int or None
        Bytes of the file; None for folders and images in memory.
    mtime_ns : int or None
        When the file was changed last, in nanoseconds since 1970.
    """

    shape: tuple[int, int, int]
    dtype: str
    pixels: str
    size: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where the image was.

    Attributes
    ----------
    name : str
        Of the layer or file, for people.
    path : str or None
        Absolute; None for an image that was only in memory.
    relative_path : str or None
        From the project's folder, with forward slashes; None where there is no way.
    series : int or None
        Which image of a file that holds several.
    dataset : str or None
        Which dataset of a file that holds several.
    fingerprint : Fingerprint or None
    """

    name: str
    path: str | None = None
    relative_path: str | None = None
    series: int | None = None
    dataset: str | None = None
    fingerprint: Fingerprint | None = None

    @property
    def key(self) -> str:
        """What tells it from others: its place in a file, or its name."""
        if self.path is None:
            return self.name
        return key_in_file(self.path, self.dataset, self.series)


def key_in_file(path: str, dataset: str | None, series: int | None) -> str:
    """Return what tells an image from others of its file, and of other files."""
    key = f"{path}::{dataset}" if dataset else path
    return key if series is None else f"{key} [series {series}]"


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the image lies in the world of the viewer, as napari says it.

    Attributes
    ----------
    scale, translate : tuple of float
        By axis; mirrored axes have a negative scale.
    rotate : tuple of tuple of float
        Matrix, axes by axes.
    shear : tuple of float
        The upper triangle of a matrix, row by row.
    affine : tuple of tuple of float
        Matrix of one row and column more than there are axes, applied at last.
    """

    scale: tuple[float, ...]
    translate: tuple[float, ...]
    rotate: tuple[tuple[float, ...], ...]
    shear: tuple[float, ...]
    affine: tuple[tuple[float, ...], ...]

    @property
    def is_sound(self) -> bool:
        """Whether it is somewhere: napari takes sizes that are no numbers as well."""
        numbers = *self.translate, *self.shear
        matrices = np.diag(self.scale), np.array(self.rotate), np.array(self.affine)
        sizes = [abs(np.linalg.det(matrix)) for matrix in matrices]
        return bool(np.isfinite([*numbers, *sizes]).all() and min(sizes) > 0)


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """The stack, and how it is followed.

    Attributes
    ----------
    axes : tuple of Axis
        Of the whole image, without colours.
    layout : FrameLayout
        Which axis is followed, which two are a frame, where the others stay.
    frame_count : int
        At all positions.
    shape_hw : tuple of int
        Height and width of a frame in pixels.
    is_colour : bool
        Whether frames are colour pictures, whose colours are no axis.
    channels : tuple of int or None
        Channels that the model sees; None for the first three.
    limits : IntensityLimits or None
        What the model sees as black and white; None for an estimate.
    level : int
        Which level of a pyramid the model sees; sizes are those of level 0.
    placing : Placing or None
        None where it was never shown.
    beside : tuple of str
        Which of the project's further images are seen beside it, as further channels:
        their :attr:`ImageReference.key`.
    """

    axes: tuple[Axis, ...]
    layout: FrameLayout
    frame_count: int
    shape_hw: tuple[int, int]
    is_colour: bool = False
    channels: tuple[int, ...] | None = None
    limits: IntensityLimits | None = None
    level: int = 0
    placing: Placing | None = None
    beside: tuple[str, ...] = ()

    @property
    def numbers(self) -> FrameNumbers:
        """How the frames of all positions are counted."""
        return self.layout.numbers([axis.size for axis in self.axes])

    @property
    def result_axes(self) -> tuple[Axis, ...]:
        """Positions, frames, rows and columns, as results have them."""
        layout = self.layout
        frames = Axis("i", 1) if layout.frame is None else self.axes[layout.frame]
        plane = (self.axes[axis] for axis in layout.plane)
        return (*(self.axes[axis] for axis in layout.positions), frames, *plane)


@dataclass(frozen=True, slots=True)
class ModelReference:
    """Which weights were used.

    Attributes
    ----------
    name : str
    sha256 : str or None
        Of the file of weights, hexadecimal; None while it was never loaded.
    base : BaseWeights or None
        What they change, where they are an adapter.
    """

    name: str
    sha256: str | None = None
    base: BaseWeights | None = None


@dataclass(frozen=True, slots=True)
class SavedWith:
    """When, and with what, a project was saved.

    Attributes
    ----------
    software : mapping of str to str
        Version by package.
    created, saved : str
        ISO 8601, in UTC.
    """

    software: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    saved: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Where the user was.

    Attributes
    ----------
    frame : int
        That was displayed.
    selected : int or None
        The object that was chosen.
    """

    frame: int = 0
    selected: int | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What the user said and what was found; undo is not kept.

    Attributes
    ----------
    objects : mapping of int to TrackedObject
    prompts : mapping of (object_id, frame) to FramePrompts
        Points and boxes; paintings are masks.
    masks : MaskTable
    steps : tuple of RecipeStep
        How the model came to its masks.
    left : UnfinishedRun or None
        The last run, if it has not come to its end and can be gone on with.
    """

    objects: Mapping[int, TrackedObject] = field(default_factory=dict)
    prompts: Mapping[Place, FramePrompts] = field(default_factory=dict)
    masks: MaskTable = field(default_factory=MaskTable)
    steps: tuple[RecipeStep, ...] = ()
    left: UnfinishedRun | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that is needed to go on tomorrow.

    Attributes
    ----------
    image : ImageReference
    stack : StackGeometry
    choices : mapping of str to value
        What the user chose in the settings.
    model : ModelReference
    contents : Contents
    saved : SavedWith
    view : View
    beside : tuple of ImageReference
        Images that were seen beside it, now or at any step.
    """

    image: ImageReference
    stack: StackGeometry
    choices: Choices = field(default_factory=dict)
    model: ModelReference = field(default_factory=lambda: ModelReference("nano"))
    contents: Contents = field(default_factory=Contents)
    saved: SavedWith = field(default_factory=SavedWith)
    view: View = field(default_factory=View)
    beside: tuple[ImageReference, ...] = ()
