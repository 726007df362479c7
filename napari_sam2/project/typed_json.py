"""Dataclasses of plain values to JSON, and back by their type hints, checked.

Known are str, int, float, bool, None, tuples, mappings by str, literals, unions with
None, and dataclasses of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin
from typing import get_type_hints as type_hints

from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.project.checks import as_flag, as_list, as_real, as_text, as_whole

T = TypeVar("T")

_LARGEST = 2**63


def to_json(value: Any) -> Any:
    """Return dataclasses as mappings and tuples as lists, throughout."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_json(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    return value


def from_json(kind: type[T], content: Any, where: str) -> T:
    """Return a dataclass from a mapping; what is not there has its default.

    Raises
    ------
    ProjectError
        If a value is of another type, has no default, or the dataclass refuses it.
    """
    return cast("T", _read(kind, content, where))


def known_fields(kind: type, content: Any, where: str) -> dict[str, Any]:
    """Return those values of a mapping that are fields of a dataclass, checked."""
    if type(content) is not dict:
        raise ProjectError(f"{where} is no mapping.")
    hints = type_hints(kind)
    names = [one.name for one in fields(kind) if one.name in content]
    return {
        name: _read(hints[name], content[name], f"{name} of {where}") for name in names
    }


def _read(hint: Any, content: Any, where: str) -> Any:
    origin = get_origin(hint)
    if is_dataclass(hint):
        return _read_dataclass(cast("type", hint), content, where)
    if origin is tuple:
        return _read_tuple(get_args(hint), content, where)
    if origin in (Union, UnionType):
        return _read_optional(get_args(hint), content, where)
    if origin is Literal:
        # 1.0 and True are no 1, though they are equal.
        known_types = {type(one) for one in get_args(hint)}
        if content not in get_args(hint) or type(content) not in known_types:
            known = ", ".join(map(str, get_args(hint)))
            raise ProjectError(f"{where} is none of {known}.")
        return content
    if origin is Mapping:
        return _read_mapping(get_args(hint)[1], content, where)
    return _read_plain(hint, content, where)


def _read_plain(hint: Any, content: Any, where: str) -> str | int | float:
    if hint is bool:
        return as_flag(content, where)
    if hint is int:
        return as_whole(content, where, -_LARGEST, _LARGEST)
    if hint is float:
        return as_real(content, where)
    if hint is str:
        return as_text(content, where)
    raise TypeError(f"{where} has the type {hint}, which is not known here")


def _read_dataclass(kind: type, content: Any, where: str) -> Any:
    known = known_fields(kind, content, where)
    try:
        return kind(**known)
    except TypeError as error:
        raise ProjectError(f"{where} is not complete.") from error
    except Sam2Error as error:
        raise ProjectError(f"{where}: {error}") from error


def _read_tuple(kinds: tuple[Any, ...], content: Any, where: str) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], one, where) for one in as_list(content, where))
    parts = as_list(content, where, len(kinds))
    return tuple(
        _read(kind, one, where) for kind, one in zip(kinds, parts, strict=True)
    )


def _read_optional(kinds: tuple[Any, ...], content: Any, where: str) -> Any:
    if content is None:
        return None
    (kind,) = (one for one in kinds if one is not type(None))
    return _read(kind, content, where)


def _read_mapping(kind: Any, content: Any, where: str) -> dict[str, Any]:
    if type(content) is not dict:
        raise ProjectError(f"{where} is no mapping.")
    return {
        name: _read(kind, one, f"{name} of {where}") for name, one in content.items()
    }
