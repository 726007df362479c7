"""``meta.json`` beside a stack, checked field by field."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast, get_args

from napari_sam2.core.errors import StackError
from napari_sam2.core.json_text import parse_json
from napari_sam2.core.units import unit_name
from napari_sam2.evaluation.truth import Kind, Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``meta.json`` says; None where it says nothing.

    Attributes
    ----------
    kind : str or None
    ids : tuple of int or None
        The objects to measure.
    known : frozenset of int or None
        The frames whose labels are complete.
    parents : mapping of int to int
        From an object to the one that it came from.
    spacing : Spacing or None
    """

    kind: Kind | None = None
    ids: tuple[int, ...] | None = None
    known: frozenset[int] | None = None
    parents: Mapping[int, int] = field(default_factory=dict)
    spacing: Spacing | None = None


def read_meta(path: Path, frame_count: int) -> Meta:
    """Read what is known about a stack; nothing, when there is no such file.

    Parameters
    ----------
    path : Path
    frame_count : int
        Frames of the stack.

    Raises
    ------
    StackError
        If the file cannot be read or a field makes no sense.
    """
    if not path.is_file():
        return Meta()
    content = _read(path)
    try:
        return Meta(
            kind=_kind(content.get("kind")),
            ids=_ids(content.get("eval_objects")),
            known=_frames(content.get("annotated_frames"), frame_count),
            parents=_parents(content.get("parents")),
            spacing=_spacing(content.get("spacing_zyx"), content.get("unit")),
        )
    except _FieldError as problem:
        raise StackError(f"{path}: {problem}") from None


class _FieldError(Exception):
    """A field of the file makes no sense."""


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StackError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict):
        raise StackError(f"{path} must hold an object, {{…}}, of named fields.")
    return content


def _kind(value: Any) -> Kind | None:
    for kind in get_args(Kind):
        if value == kind:
            return cast("Kind", kind)
    if value is None:
        return None
    raise _FieldError(f"kind is one of {', '.join(get_args(Kind))}, not {value!r}.")


def _ids(value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not _are_whole(value, 1) or not value:
        raise _FieldError("eval_objects is a list of labels, [1, 2, …].")
    return tuple(value)


def _frames(value: Any, frame_count: int) -> frozenset[int] | None:
    if value is None:
        return None
    if not _are_whole(value, 0) or not value:
        raise _FieldError("annotated_frames is a list of frames, [0, 5, …].")
    if max(value) >= frame_count:
        raise _FieldError(
            f"annotated_frames names frame {max(value)}, but the stack has frames 0 to "
            f"{frame_count - 1}."
        )
    return frozenset(value)


def _parents(value: Any) -> dict[int, int]:
    if value is None:
        return {}
    if (
        not isinstance(value, dict)
        or not all(child.isdecimal() for child in value)
        or not _are_whole(list(value.values()), 0)
    ):
        raise _FieldError(
            'parents goes from a label to that of its mother, {"3": 1, …}.'
        )
    return {int(child): parent for child, parent in value.items()}


def _spacing(value: Any, unit: Any) -> Spacing | None:
    if value is None:
        return None
    is_list = isinstance(value, list) and len(value) == 3
    if not is_list or not all(_is_distance(one) for one in value):
        raise _FieldError("spacing_zyx is three distances above 0, [0.5, 0.1, 0.1].")
    z, y, x = value
    return Spacing((float(z), float(y), float(x)), unit_name(str(unit or "")))


def _are_whole(value: Any, least: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, int) and not isinstance(one, bool) and one >= least
        for one in value
    )


def _is_distance(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return is_number and math.isfinite(value) and value > 0
    except OverflowError:  # a whole number of hundreds of digits
        return False
