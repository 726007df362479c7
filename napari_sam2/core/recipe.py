"""What a tracker was told, in order, so that it can be told again.

What a model answers depends on everything it was told before, and on what it tracked in
between: the same prompts in another order give other masks. A recipe is a sequence of
:data:`RecipeStep`; a mask remembers the number of the step that gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_sam2.core.adapter_card import BaseWeights  # noqa: TC001 (for hints)
from napari_sam2.core.frames.intensity import IntensityLimits  # noqa: TC001 (for hints)
from napari_sam2.core.quality import EXACT, Precision, Quality

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts


WindowMode: TypeAlias = Literal["off", "auto", "on"]
"""Whether small objects are looked at in a window instead of the whole frame."""

DEFAULT_WINDOW: WindowMode = "auto"
"""What trackers do that are told nothing else."""


@dataclass(frozen=True, slots=True)
class Made:
    """A tracker that knows nothing yet.

    Attributes
    ----------
    model : str
        A model's name, or the path of its weights.
    sha256 : str or None
        Of the file of weights, hexadecimal, where it is known.
    limits : IntensityLimits or None
        What it sees as black and white; None where a project does not say, for an
        estimate from the stack.
    channels : tuple of int or None
        What it sees of an image with channels.
    image_size : int
        Side of the square that it sees, in pixels; 0 for the model's own.
    window : str
        Whether it looks at small objects in a window: ``"off"``, ``"auto"``, ``"on"``.
        Where a project does not say, there were no windows yet.
    corrects_bleaching : bool
        Whether it sees frames that fade as bright as the first.
    level : int
        Which level of a pyramid it sees; 0 is full resolution.
    beside : tuple of str
        Other images that it sees as further channels: their files, or names.
    base : BaseWeights or None
        What the weights change, where they are an adapter.
    quality : Quality
        How much of what the model could look at it does look at. It says the image
        size where that is 0.
    precision : str or None
        What the machine multiplied in: ``"float32"``, ``"bfloat16"``, …; None where a
        project does not say.
    """

    model: str
    sha256: str | None = None
    limits: IntensityLimits | None = None
    channels: tuple[int, ...] | None = None
    image_size: int = 0
    window: WindowMode = "off"
    corrects_bleaching: bool = False
    level: int = 0
    beside: tuple[str, ...] = ()
    base: BaseWeights | None = None
    quality: Quality = EXACT
    precision: Precision | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Everything about an object on a frame is now this.

    Attributes
    ----------
    object_id, frame : int
    prompts : FramePrompts or None
        Points and a box; with ``painted``, they add to it and take from it. Neither
        withdraws what was said.
    painted : PackedMask or None
        The user's own pixels.
    previous : PackedMask or None
        The tracked mask that the prompts correct.
    """

    object_id: int
    frame: int
    prompts: FramePrompts | None = None
    painted: PackedMask | None = None
    previous: PackedMask | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """An object is forgotten."""

    object_id: int


@dataclass(frozen=True, slots=True)
class OtherAxis:
    """An axis of a volume besides the one that its frames lie along.

    Attributes
    ----------
    number : int
        1 for the rows of frames, 2 for their columns.
    name : str
        What the stack calls it.
    """

    number: Literal[1, 2]
    name: str


@dataclass(frozen=True, slots=True)
class Followed:
    """Objects were carried through the stack.

    Attributes
    ----------
    object_ids : tuple of int
    direction : str
    frames : (int, int) or None
        The first frame and the one after the last; None for the whole stack.
    is_resumed : bool
        Whether it goes on with the run before, which was stopped.
    done : int
        Frames that were computed, those of the run before not counted. Along several
        axes, steps of any kind.
    across : tuple of OtherAxis
        Axes that they were followed along besides, and fused.
    """

    object_ids: tuple[int, ...]
    direction: Literal["both", "forward", "backward"] = "both"
    frames: tuple[int, int] | None = None
    is_resumed: bool = False
    done: int = 0
    across: tuple[OtherAxis, ...] = ()


RecipeStep: TypeAlias = Made | Told | Removed | Followed


def last_fused(steps: Iterable[RecipeStep]) -> tuple[OtherAxis, ...]:
    """Return the other axes that the last run which found anything went along."""
    runs = [one for one in steps if isinstance(one, Followed) and one.done]
    return runs[-1].across if runs else ()


def last_used(steps: Iterable[RecipeStep]) -> Made:
    """Return the last tracker that was told anything.

    Opening a project makes a tracker: masks that were there before are not its. Where
    none was told anything, as in projects of the first version, that is the model which
    stands ready, and no more is said than that.
    """
    made, used = Made(""), None
    for step in steps:
        if isinstance(step, Made):
            made = step
        else:
            used = made
    return used or Made(made.model, made.sha256, base=made.base)
