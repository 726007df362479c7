"""What can be wrong with prompts, in sentences for who gave them.

Coordinates are data pixels, row first; ``what`` names the prompt, or its object and
frame, in the sentence.
"""

from __future__ import annotations

import math
import operator
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import OutsideError, PromptError
from napari_sam2.core.masks.frozen import freeze, is_frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import numpy.typing as npt


LARGEST_ID = 2**32 - 1
"""Label images, projects and the masks of napari hold no larger numbers."""


def object_number(object_id: int) -> int:
    """Return an object's number, NumPy's too, as an int.

    Raises
    ------
    PromptError
        If it cannot be one.
    """
    number = _whole(object_id, f"Object {object_id!r} cannot be used: object numbers")
    if number < 1:
        raise PromptError(
            f"Object {number} cannot be used: object numbers start at 1, because 0 "
            "is the background of a label image."
        )
    return number


def label_number(object_id: int) -> int:
    """Return the number of an object that results can show, as an int.

    Raises
    ------
    PromptError
        If it cannot be one.
    """
    number = object_number(object_id)
    if number > LARGEST_ID:
        raise PromptError(
            f"Object {number} cannot be used: label images hold numbers up to "
            f"{LARGEST_ID}. Number the objects anew."
        )
    return number


def free_number(taken: Collection[int]) -> int:
    """Return a number that no object has: one above the largest if there is one."""
    number = max(taken, default=0) + 1
    if number <= LARGEST_ID:
        return number
    held = {*taken}
    return next(free for free in count(1) if free not in held)


def frame_number(frame: int) -> int:
    """Return a frame's number, NumPy's too, as an int.

    Raises
    ------
    PromptError
        If it cannot be one.
    """
    number = _whole(frame, f"Frame {frame!r} does not exist: frame numbers")
    if number < 0:
        raise PromptError(f"Frame {number} does not exist: frames are counted from 0.")
    return number


def _whole(number: int, what: str) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise PromptError(f"{what} are whole numbers, such as 1.") from None


def finite_point(point_yx: Iterable[float], what: str) -> tuple[float, float]:
    """Return a point, (y, x), as two floats.

    Raises
    ------
    PromptError
        If it has not two coordinates, or one that is not finite.
    """
    y, x = _finite(point_yx, "Y,X", what)
    return y, x


def _finite(numbers: Iterable[float], form: str, what: str) -> tuple[float, ...]:
    """Return coordinates as floats, as many as ``form`` names."""
    try:
        given = tuple(numbers)
        finite = tuple(float(number) for number in given)
    except (TypeError, ValueError, OverflowError):
        raise PromptError(
            f"{what} has the coordinates {numbers!r}: give finite numbers, {form}."
        ) from None
    if not all(map(math.isfinite, finite)):
        raise PromptError(f"{what} has the coordinates {finite}: give finite numbers.")
    count = form.count(",") + 1
    if len(finite) != count:
        raise PromptError(
            f"{what} has {len(finite)} coordinates, {finite}: give {count}, {form}."
        )
    return finite


def ordered_box(
    box_yxyx: Iterable[float], what: str
) -> tuple[float, float, float, float]:
    """Return a box, (y0, x0, y1, x1), as floats, with its corners in order.

    Raises
    ------
    PromptError
        If it has no area, not four coordinates, or one that is not finite.
    """
    y0, x0, y1, x1 = box = _finite(box_yxyx, "Y0,X0,Y1,X1", what)
    if y0 == y1 or x0 == x1:
        raise PromptError(
            f"{what} has no area: {box}. Give two different corners, Y0,X0,Y1,X1."
        )
    return min(y0, y1), min(x0, x1), max(y0, y1), max(x0, x1)


def frozen_mask(mask: npt.ArrayLike, what: str) -> npt.NDArray[np.bool_]:
    """Return a mask as a boolean one, (H, W), that nobody can change.

    It is copied, unless it is that already.

    Raises
    ------
    PromptError
        If it is not flat, or holds other floating-point numbers than 0 and 1.
    """
    if isinstance(mask, np.ndarray) and mask.dtype == bool and is_frozen(mask):
        frozen = mask
    else:
        given = np.asarray(mask)
        if given.dtype.kind == "f" and not np.isin(given, (0, 1)).all():
            raise PromptError(
                f"{what} holds numbers other than 0 and 1: if they are probabilities, "
                "say from which on a pixel belongs to the object, such as mask > 0.5."
            )
        frozen = freeze(np.array(given, dtype=bool, order="C"))
    if frozen.ndim != 2:
        raise PromptError(
            f"{what} must be a 2-D array (rows, columns), but has shape {frozen.shape}."
        )
    return frozen


def check_mask_shape(
    mask_hw: tuple[int, ...], shape_hw: tuple[int, int], what: str
) -> None:
    """Raise PromptError if a mask does not cover a frame, (H, W), exactly."""
    if tuple(mask_hw) != tuple(shape_hw):
        raise PromptError(
            f"The mask for {what} is {mask_hw[0]} × {mask_hw[1]} pixels, but the "
            f"frames are {shape_hw[0]} × {shape_hw[1]}: it must cover a whole frame."
        )


def check_point_inside(
    point_yx: tuple[float, float], shape_hw: tuple[int, int], what: str
) -> None:
    """Raise PromptError if a point lies outside a frame, (H, W)."""
    if not all(-0.5 <= c <= n - 0.5 for c, n in zip(point_yx, shape_hw, strict=True)):
        y, x = point_yx
        raise OutsideError(
            f"The point (y={y:g}, x={x:g}) for {what} lies outside the image, which is "
            f"{shape_hw[0]} × {shape_hw[1]} pixels (height × width). Points are given "
            "row first: Y,X."
        )


def check_box_overlaps(
    box_yxyx: tuple[float, float, float, float], shape_hw: tuple[int, int], what: str
) -> None:
    """Raise PromptError if no part of a box lies on a frame, (H, W)."""
    y0, x0, y1, x1 = box_yxyx
    height, width = shape_hw
    if y1 <= -0.5 or x1 <= -0.5 or y0 >= height - 0.5 or x0 >= width - 0.5:
        raise OutsideError(
            f"The box {tuple(float(c) for c in box_yxyx)} for {what} lies outside the "
            f"image, which is {height} × {width} pixels (height × width). Boxes are "
            "given row first: Y0,X0,Y1,X1."
        )
