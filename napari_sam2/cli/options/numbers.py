"""Whole numbers among the words of the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 10**18 - 1
"""Of eighteen digits, as many as always fit into 64 bits."""


def as_whole(text: str) -> int | None:
    """Return a whole number from 0 to ``LARGEST``; None where a text is none."""
    digits = text.strip()
    if not digits.isdecimal() or len(digits) > len(str(LARGEST)):
        return None
    return int(digits)


def whole_number(lowest: int = 0, highest: int = LARGEST) -> Callable[[str], int]:
    """Return what reads the value of an option that is a whole number.

    Parameters
    ----------
    lowest, highest : int, optional
        The least and the largest that make sense.
    """

    def read(text: str) -> int:
        number = as_whole(text)
        if number is None or not lowest <= number <= highest:
            digits = text.strip() or "nothing"
            bounds = f"from {lowest} to {highest}"
            if highest == LARGEST:
                bounds = f"of {lowest} or more, and of up to {len(str(LARGEST))} digits"
            raise argparse.ArgumentTypeError(f"{digits} is no whole number {bounds}")
        return number

    return read
