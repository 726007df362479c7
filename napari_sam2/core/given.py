"""Arguments that are not what a function takes, told in a sentence."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING

from napari_sam2.core.errors import Sam2Error

if TYPE_CHECKING:
    from types import UnionType


def check_given(
    value: object,
    kind: type | UnionType,
    noun: str,
    advice: str,
    error: type[Sam2Error] = Sam2Error,
) -> None:
    """Check that an argument is of a kind.

    Parameters
    ----------
    value : object
        What was given.
    kind : type
        What it has to be; also a union of types, or a protocol.
    noun, advice : str
        What it should be, and what to do: "model", "give load_model('nano')".
    error : type of Sam2Error, optional

    Raises
    ------
    Sam2Error
        Or the error that was named, if it is not.
    """
    if not isinstance(value, kind):
        raise error(f"{shown(value)} is no {noun}: {advice}.")


def shown(value: object) -> str:
    """Show what was given, shortly: plain values themselves, others by their type.

    Examples
    --------
    >>> shown((1, 2)), shown(np.zeros(3))
    ('(1, 2)', 'A value of type ndarray')
    """
    kind = type(value)
    is_plain = kind.__module__ == "builtins"
    return reprlib.repr(value) if is_plain else f"A value of type {kind.__name__}"
