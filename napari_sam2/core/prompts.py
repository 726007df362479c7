"""What the user says about an object: points, boxes and masks, as frozen values.

Coordinates are data pixels, row first, pixel centres at integers, as napari counts.
Conversion to the model's (x, y) pixels is :mod:`napari_sam2.core.geometry`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.errors import NoPromptError, PromptError
from napari_sam2.core.given import check_given
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompt_checks import (
    check_box_overlaps,
    check_mask_shape,
    check_point_inside,
    finite_point,
    frame_number,
    frozen_mask,
    label_number,
    ordered_box,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Mask: TypeAlias = "npt.NDArray[np.bool_] | PackedMask"


@dataclass(frozen=True, slots=True)
class PointPrompt:
    """A click on one frame.

    Parameters
    ----------
    object_id : int
        The user's number for the object, 1 or more; also its value in label images.
    frame : int
        0-based frame index.
    point_yx : tuple of float
        (y, x) in data pixels.
    positive : bool, optional
        Whether the point belongs to the object (default) or must not.
    """

    object_id: int
    frame: int
    point_yx: tuple[float, float]
    positive: bool = True

    def __post_init__(self) -> None:
        """Reject ids below 1 and coordinates that are not finite."""
        _settle_place(self)
        what = f"The point of object {self.object_id}"
        object.__setattr__(self, "point_yx", finite_point(self.point_yx, what))


@dataclass(frozen=True, slots=True)
class BoxPrompt:
    """A box around an object on one frame.

    Parameters
    ----------
    object_id, frame : int
        As for :class:`PointPrompt`.
    box_yxyx : tuple of float
        (y0, x0, y1, x1) in data pixels; swapped corners are put in order.

    Raises
    ------
    PromptError
        If the box has no area, or not four finite coordinates.
    """

    object_id: int
    frame: int
    box_yxyx: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        """Order the corners and reject a box without area."""
        _settle_place(self)
        what = f"The box of object {self.object_id} on frame {self.frame}"
        object.__setattr__(self, "box_yxyx", ordered_box(self.box_yxyx, what))


@dataclass(frozen=True, slots=True, eq=False)
class MaskPrompt:
    """The object's own pixels on one frame.

    Parameters
    ----------
    object_id, frame : int
        As for :class:`PointPrompt`.
    mask : ndarray of bool, shape (H, W), or PackedMask
        True where the object is. An all-false mask says that the object is absent from
        this frame.
    """

    object_id: int
    frame: int
    mask: Mask

    def __post_init__(self) -> None:
        """Make the mask boolean and read-only."""
        _settle_place(self)
        what = f"The mask of object {self.object_id} on frame {self.frame}"
        object.__setattr__(self, "mask", _kept(self.mask, what))

    @property
    def packed(self) -> PackedMask:
        """The mask as bits of its bounding box."""
        return _packed(self.mask)


Prompt: TypeAlias = PointPrompt | BoxPrompt | MaskPrompt


def check_prompt(prompt: Prompt) -> None:
    """Raise PromptError unless something is one prompt."""
    advice = "give one PointPrompt, BoxPrompt or MaskPrompt at a time"
    check_given(prompt, Prompt, "prompt", advice, PromptError)


def _settle_place(prompt: Prompt) -> None:
    """Make the numbers of the object and the frame, NumPy's too, Python's own."""
    object.__setattr__(prompt, "object_id", label_number(prompt.object_id))
    object.__setattr__(prompt, "frame", frame_number(prompt.frame))


@dataclass(frozen=True, slots=True)
class FramePrompts:
    """Everything said about one object on one frame.

    Parameters
    ----------
    points_yx : tuple of (float, float), optional
        Points, (y, x) in data pixels, in the order in which they were given.
    positive : tuple of bool, optional
        For each point, whether it belongs to the object.
    box_yxyx : tuple of float, optional
        (y0, x0, y1, x1) in data pixels; swapped corners are put in order.
    mask : ndarray of bool, shape (H, W), or PackedMask, optional
        The object's pixels. A mask is taken as it is; points and a box beside it are
        refused.

    Raises
    ------
    PromptError
        If points and labels do not pair up, a coordinate is not finite, the box has no
        area, or the mask is not flat or does not stand alone.
    """

    points_yx: tuple[tuple[float, float], ...] = ()
    positive: tuple[bool, ...] = ()
    box_yxyx: tuple[float, float, float, float] | None = None
    mask: Mask | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        """Check and repair, as :class:`PointPrompt` and its siblings do."""
        form = "give several, such as points_yx=((120, 88),), positive=(True,)"
        check_given(self.points_yx, Iterable, "sequence of points", form, PromptError)
        check_given(self.positive, Iterable, "sequence of labels", form, PromptError)
        points_yx = tuple(finite_point(one, "A point") for one in self.points_yx)
        object.__setattr__(self, "points_yx", points_yx)
        object.__setattr__(self, "positive", tuple(map(bool, self.positive)))
        if len(self.points_yx) != len(self.positive):
            raise PromptError(
                f"{len(self.points_yx)} points but {len(self.positive)} labels: every "
                "point needs one label, 1 (object) or 0 (not the object)."
            )
        if self.mask is not None and (self.points_yx or self.box_yxyx is not None):
            raise PromptError(
                "A mask prompt stands alone on its frame: remove its points and box, "
                "or put them on another frame."
            )
        if self.box_yxyx is not None:
            object.__setattr__(self, "box_yxyx", ordered_box(self.box_yxyx, "A box"))
        if self.mask is not None:
            object.__setattr__(self, "mask", _kept(self.mask, "A mask"))

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, masks pixel by pixel."""
        if not isinstance(other, FramePrompts):
            return NotImplemented
        return self._outlines == other._outlines and self.packed == other.packed

    @property
    def packed(self) -> PackedMask | None:
        """The mask, if there is one, as bits of its bounding box."""
        return None if self.mask is None else _packed(self.mask)

    @property
    def _outlines(self) -> tuple[object, ...]:
        return self.points_yx, self.positive, self.box_yxyx

    def __bool__(self) -> bool:
        """Whether anything is said at all."""
        return bool(
            self.points_yx or self.box_yxyx is not None or self.mask is not None
        )

    def with_prompt(self, prompt: Prompt) -> FramePrompts:
        """Return these prompts and one more.

        A point is appended, a box replaces the box, and a mask replaces everything;
        a point or box replaces a mask.

        Raises
        ------
        PromptError
            If it is no prompt.
        """
        check_prompt(prompt)
        if isinstance(prompt, MaskPrompt):
            return FramePrompts(mask=prompt.mask)
        if isinstance(prompt, BoxPrompt):
            return replace(self, box_yxyx=prompt.box_yxyx, mask=None)
        return replace(
            self,
            points_yx=(*self.points_yx, prompt.point_yx),
            positive=(*self.positive, prompt.positive),
            mask=None,
        )

    def extends(self, earlier: FramePrompts) -> bool:
        """Whether these are ``earlier`` with points appended and nothing else changed.

        Only then may the mask that ``earlier`` gave be refined; after any other edit it
        would carry the withdrawn prompt along.
        """
        count = len(earlier.points_yx)
        return (
            self.mask is None
            and earlier.mask is None
            and bool(earlier)
            and self.box_yxyx == earlier.box_yxyx
            and self.points_yx[:count] == earlier.points_yx
            and self.positive[:count] == earlier.positive
        )

    def check(
        self, shape_hw: tuple[int, int], *, what: str, refines: bool = False
    ) -> None:
        """Check that these prompts can be answered on an image of ``shape_hw``.

        Parameters
        ----------
        shape_hw : tuple of int
            Height and width of the image in pixels.
        what : str
            The object and frame, for messages: "object 1 on frame 0".
        refines : bool, optional
            Whether there is a mask already, so that negative points alone make sense.

        Raises
        ------
        NoPromptError
            If there is no prompt, or only negative points.
        PromptError
            If a prompt lies outside the image or a mask has another shape.
        """
        if not self:
            raise NoPromptError(
                f"There is no prompt for {what}: give a point, a box or a mask."
            )
        if self.mask is not None:
            check_mask_shape(self.mask.shape, shape_hw, what)
            return
        if self.box_yxyx is None and not any(self.positive) and not refines:
            raise NoPromptError(
                f"There are only negative points for {what}: add a point or a box that "
                "says where the object is."
            )
        for point_yx in self.points_yx:
            check_point_inside(point_yx, shape_hw, what)
        if self.box_yxyx is not None:
            check_box_overlaps(self.box_yxyx, shape_hw, what)


def _kept(mask: Mask, what: str) -> Mask:
    return mask if isinstance(mask, PackedMask) else frozen_mask(mask, what)


def _packed(mask: Mask) -> PackedMask:
    return mask if isinstance(mask, PackedMask) else pack_mask(mask)


def check_frame_prompts(prompts: FramePrompts) -> None:
    """Raise PromptError unless something is all that is said on a frame."""
    advice = "give FramePrompts, or tell a tracker one prompt by add()"
    check_given(prompts, FramePrompts, "set of prompts", advice, PromptError)
