"""Checks of values that come from a file: anything may stand there."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TypeVar

from napari_sam2.core.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_FRAMES = 10**8
MOST_PIXELS = 2**32
"""Of one frame."""
_MOST_DIGITS = 2**53


def load_json(text: Any, where: str) -> Any:
    """Parse JSON without numbers that are none."""
    try:
        return json.loads(as_text(text, where), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{where} is no JSON: {str(error)[:80]}.") from error


def as_whole(value: Any, where: str, low: int = 0, high: int = _MOST_DIGITS) -> int:
    """Return a whole number from ``low`` to ``high``, both included."""
    if type(value) is not int or not low <= value <= high:
        raise ProjectError(f"{where} is {_show(value)}, no number {low} to {high}.")
    return value


def as_real(value: Any, where: str) -> float:
    """Return a finite number."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ProjectError(f"{where} is {_show(value)}, no finite number.")
    return float(value)


def as_text(value: Any, where: str) -> str:
    """Return a text without null characters, which no path or name has."""
    if type(value) is not str or "\0" in value:
        raise ProjectError(f"{where} is {_show(value)}, no text.")
    return value


def as_flag(value: Any, where: str) -> bool:
    """Return true or false; 1 or 0 from a database."""
    if value not in (0, 1) or type(value) not in (int, bool):
        raise ProjectError(f"{where} is {_show(value)}, neither true nor false.")
    return bool(value)


def as_list(value: Any, where: str, length: int | None = None) -> list[Any]:
    """Return a list, of a length if one is given."""
    if type(value) is not list or length not in (None, len(value)):
        wanted = "list" if length is None else f"list of {length}"
        raise ProjectError(f"{where} is {_show(value)}, no {wanted}.")
    return value


def as_fields(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    """Return a mapping with exactly these names.

    Raises
    ------
    ProjectError
        If it is no mapping, a name is missing, or there are others.
    """
    if type(value) is not dict:
        raise ProjectError(f"{where} is {_show(value)}, no mapping.")
    if odd := sorted(known ^ value.keys()):
        problem = "is missing" if odd[0] in known else "is not known"
        raise ProjectError(f'{where}: "{odd[0][:60]}" {problem}.')
    return value


def optional(check: Callable[[Any, str], T], value: Any, where: str) -> T | None:
    """Check a value that may be null."""
    return None if value is None else check(value, where)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _show(value: Any) -> str:
    return repr(value)[:60] if not isinstance(value, list | dict) else "of another kind"
