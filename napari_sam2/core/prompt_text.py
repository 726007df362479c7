"""Prompts as people type them: ``1:0,120,88`` is object 1 on frame 0 at y=120, x=88.

In stacks with more axes the position may come first: ``1:t=3,0,120,88``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.positions import PlacedPrompt
from napari_sam2.core.prompts import BoxPrompt, PointPrompt

if TYPE_CHECKING:
    from collections.abc import Mapping

_POINT_FORM = (
    "OBJECT:FRAME,Y,X, with ,- at the end for a point outside the object; at a "
    "position of a stack with more axes, OBJECT:AXIS=INDEX,FRAME,Y,X"
)
_BOX_FORM = (
    "OBJECT:FRAME,Y0,X0,Y1,X1; at a position of a stack with more axes, "
    "OBJECT:AXIS=INDEX,FRAME,Y0,X0,Y1,X1"
)


def parse_point(text: str) -> PlacedPrompt:
    """Read ``OBJECT:[AXIS=INDEX,]FRAME,Y,X[,-]``, row first, in data pixels.

    Parameters
    ----------
    text : str
        For example ``1:0,120,88``, or ``1:0,40,40,-`` for a negative point.

    Raises
    ------
    PromptError
        If the text has another form.
    """
    try:
        object_id, at, fields = _split(text)
        positive = True
        if len(fields) == 4 and fields[3] in ("-", "+"):
            positive = fields.pop() == "+"
        frame, y, x = fields
        point_yx = float(y), float(x)
        prompt = PointPrompt(object_id, int(frame), point_yx, positive)
    except ValueError:
        raise _wrong(text, "point", _POINT_FORM) from None
    return PlacedPrompt(prompt, at)


def parse_box(text: str) -> PlacedPrompt:
    """Read ``OBJECT:[AXIS=INDEX,]FRAME,Y0,X0,Y1,X1``, row first, in data pixels.

    Parameters
    ----------
    text : str
        For example ``2:0,10,20,60,90``; swapped corners are put in order.

    Raises
    ------
    PromptError
        If the text has another form, or the box no area.
    """
    try:
        object_id, at, (frame, *corners) = _split(text)
        y0, x0, y1, x1 = map(float, corners)
        prompt = BoxPrompt(object_id, int(frame), (y0, x0, y1, x1))
    except ValueError:
        raise _wrong(text, "box", _BOX_FORM) from None
    return PlacedPrompt(prompt, at)


def _split(text: str) -> tuple[int, Mapping[str, int], list[str]]:
    """Return the object, the position, and the fields that follow.

    Raises
    ------
    ValueError
        If the text has another form.
    """
    head, _, tail = text.partition(":")
    fields = [field.strip() for field in tail.split(",")]
    at: dict[str, int] = {}
    while fields and "=" in fields[0]:
        axis, _, index = fields.pop(0).partition("=")
        if not axis.strip():
            raise ValueError
        at[axis.strip().lower()] = int(index)
    return int(head), at, fields


def _wrong(text: str, kind: str, form: str) -> PromptError:
    return PromptError(f"The {kind} {text!r} cannot be read: write {form}.")
